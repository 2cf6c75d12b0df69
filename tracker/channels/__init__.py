"""Where orders come from (受理渠道), and the keys their systems call with."""
