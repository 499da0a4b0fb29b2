"""Numbers measured on stars, star maps and HI maps."""
