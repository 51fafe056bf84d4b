#!/bin/sh
# Prints the first Python on the path that is new enough and can make environments.
set -eu
found=
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 11))' 2>/dev/null) || continue
    found="$found $python=${version% *}"
    case $version in *True) ;; *) continue ;; esac
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
    echo "$python cannot make environments: install its venv module (Debian, Ubuntu: apt-get install ${python}-venv)" >&2
    exit 2
done
echo "Python 3.11 or newer is needed on the path; found:${found:- none}" >&2
exit 2
