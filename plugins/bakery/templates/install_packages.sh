#!/bin/sh
# Runs on the machine that becomes the image, as root: adds the repository, and installs the packages.
# Given in the environment: repository, package_type (deb, rpm), packages, upgrade.
set -eu
set -f # names of packages are words, not patterns

install_deb() {
    export DEBIAN_FRONTEND=noninteractive
    if [ -n "${repository:-}" ]; then
        printf '%s\n' "$repository" | tr ';' '\n' | while read -r line; do
            printf 'deb %s\n' "$line"
        done >/etc/apt/sources.list.d/gennaker.list
    fi
    apt-get update
    if [ -n "${upgrade:-}" ]; then
        apt-get -y upgrade
    fi
    # shellcheck disable=SC2086
    [ -z "${packages:-}" ] || apt-get install --yes --allow-downgrades $packages
    rm -f /etc/apt/sources.list.d/gennaker.list
}

install_rpm() {
    if [ -n "${repository:-}" ]; then
        printf '[gennaker]\nname=gennaker\nbaseurl=%s\ngpgcheck=0\nenabled=1\n' "$repository" >/etc/yum.repos.d/gennaker.repo
    fi
    if [ -n "${upgrade:-}" ]; then
        yum -y update
    fi
    # shellcheck disable=SC2086
    [ -z "${packages:-}" ] || yum -y install $packages
    rm -f /etc/yum.repos.d/gennaker.repo
}

case "${package_type:-deb}" in
    deb) install_deb ;;
    rpm) install_rpm ;;
    *)
        echo "nothing is known of packages of type $package_type here; use a template of your own" >&2
        exit 2
        ;;
esac
