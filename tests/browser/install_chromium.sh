#!/bin/sh
# A Chromium for the browser tests: the system's, else from the platform's package manager. Best the one without a
# window, where it is packaged: it does not draw a frame around each page that nobody sees.
set -eu

for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        echo "The browser tests need Chromium, and only root can install it here." >&2
        echo "Ask for the package 'chromium', or for a Chinese font and Chrome, then run again." >&2
        exit 1
    fi
fi

echo "installing Chromium for the browser tests" >&2
if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get update -qq
    package=chromium-headless-shell
    apt-cache show "$package" >/dev/null 2>&1 || package=chromium
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" fonts-noto-cjk >/dev/null
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q chromium google-noto-sans-cjk-ttc-fonts
elif command -v apk >/dev/null 2>&1; then
    $as_root apk add -q chromium font-noto-cjk
elif command -v pacman >/dev/null 2>&1; then
    $as_root pacman -S --noconfirm --quiet chromium noto-fonts-cjk
else
    echo "No package manager that this script knows: install Chromium by hand, then run again." >&2
    exit 1
fi
