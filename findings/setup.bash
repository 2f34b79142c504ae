# Sourced by every script of this folder. It makes a temporary folder, enters it, and
# deletes it at the end.
#
#   modules MODULE@VERSION…   makes a Go module there that requires these
#   packages NAME@VERSION…    installs these npm packages there, without their scripts
#   debian NAME=VERSION…      unpacks these packages of Debian 12 for x86-64 into ./root,
#                             and sets the paths of Python and shared libraries to it
#   changed TEXT…             says what is no longer so, and fails
set -Eeuo pipefail

trap '[ -s log ] && tail log >&2' ERR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

changed() {
  echo "changed: $*"
  exit 1
}

modules() {
  go mod init finding 2>>log
  go get "$@" 2>>log
}

packages() {
  npm init --yes >>log
  npm install --silent --no-audit --no-fund --ignore-scripts "$@" >>log 2>&1
}

debian() {
  mkdir -p deb root
  (cd deb && apt-get download "$@" >>../log 2>&1)
  for package in deb/*.deb; do
    dpkg -x "$package" root
  done
  local libraries=root/usr/lib/x86_64-linux-gnu
  export PYTHONPATH=$work/root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
  export LD_LIBRARY_PATH=$work/$libraries/openblas-pthread:$work/$libraries
}
