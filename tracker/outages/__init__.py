"""Announced outages (网络中断公告): where, when, why; changed, withdrawn and restored in the open."""
