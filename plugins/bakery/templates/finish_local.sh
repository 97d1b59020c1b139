#!/bin/sh
# Runs on the bakery's machine when the files of an image for the cloud `local` are in their place: notes what the image consists of.
set -eu
cd "$IMAGE_ROOT"
find . -type f ! -name contents.sha256 ! -name image.json -exec sha256sum {} + | sort -k 2 >contents.sha256
echo "$IMAGE_NAME has $(wc -l <contents.sha256) files"
