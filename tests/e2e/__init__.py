"""The portal in a real browser: Chromium, driven by Playwright, against a live server with a real worker."""
