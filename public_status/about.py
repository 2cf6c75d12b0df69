"""What the site says of itself: accessibility (无障碍声明), privacy (个人信息保护), a sheet to hand out."""

from datetime import date

from flask import Flask

from public_status.runtime import PublicRuntime
from public_status.shelf import Kind, Shelf
from public_status.spoken import render
from tracker.pages.qr import qr_picture

# The day on which every page was last gone through: both languages and sizes of type, 320 pixels, keyboard.
CHECKED_ON = date(2026, 11, 26)


def register(app: Flask, run: PublicRuntime, shelf: Shelf) -> None:
    """The three pages. None of them needs the database."""
    site_url = run.config.public_site_url
    for path in ("/accessibility", "/privacy", "/print"):
        shelf.add(path, Kind())

    @app.get("/accessibility")
    def accessibility() -> str:
        return render("accessibility.html", checked_on=CHECKED_ON)

    @app.get("/privacy")
    def privacy() -> str:
        return render("privacy.html")

    @app.get("/print")
    def sheet() -> str:
        # Phones complete an address that lacks its scheme, and people type it sooner.
        address = site_url.partition("://")[2]
        return render("print.html", picture=qr_picture(f"{site_url}/"), address=address)
