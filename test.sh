#!/usr/bin/env bash
# Runs all tests, from a fresh checkout. With arguments, only the test projects whose names contain one of them: ./test.sh Storage
# The last line is "N passed, N failed, N skipped". The lines before it name every failed test. The exit code is 1 if a test failed, or if a
# project crashed or ran no tests.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1

peers=$PWD/artifacts/peers
results=$PWD/artifacts/results

# Prints the packages of missing programs for the interop tests. Checks Debian's own Python, because another Python does not find Debian's modules.
missing_packages() {
  local name
  for name in vsftpd lftp curl tnftp ncftp wget rclone tmux microsocks; do
    command -v "$name" >/dev/null || echo "$name"
  done
  command -v tinyproxy >/dev/null || echo tinyproxy-bin
  /usr/bin/python3 -c 'import pyftpdlib, OpenSSL' 2>/dev/null || echo python3-pyftpdlib python3-openssl
}

# ProFTPD and Pure-FTPd conflict with vsftpd, so they are only unpacked, and their libraries are installed.
missing_peers() {
  [ -x "$peers/usr/sbin/proftpd" ] || echo proftpd-core proftpd-mod-crypto
  [ -x "$peers/usr/sbin/pure-ftpd" ] || echo pure-ftpd
}

install_peers() {
  local packages unpack libraries="libhiredis0.14 libmemcached11 libmemcachedutil2 libpcre2-posix3 libsodium23"
  packages=$(missing_packages) unpack=$(missing_peers)
  [ -n "$packages$unpack" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installing $(echo $packages $unpack): root and apt are required; tests that need them are skipped" >&2
    return 0
  fi

  # Debian starts a service when it is installed, unless this script exits with 101.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi

  export DEBIAN_FRONTEND=noninteractive
  echo "installing programs for the interop tests: $(echo $packages $unpack)" >&2
  apt-get update -q >/dev/null 2>&1 || echo "apt-get update failed; using the existing package lists" >&2
  local package
  for package in $packages ${unpack:+$libraries}; do
    apt-get install -q -y --no-install-recommends "$package" >/dev/null 2>&1 || echo "cannot install $package; tests that need it are skipped" >&2
  done

  mkdir -p "$peers/packages"
  for package in $unpack; do
    (cd "$peers/packages" && apt-get download -q "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb "$peers") ||
      echo "cannot unpack $package; tests that need it are skipped" >&2
  done
}

wanted() {
  [ $# -gt 1 ] || return 0
  local project=$1 part
  shift
  for part in "$@"; do
    case "${project,,}" in *"${part,,}"*) return 0 ;; esac
  done
  return 1
}

# Prints one attribute of the <assembly> element of a results file.
count() {
  grep -o -m 1 "<assembly [^>]*" "$1" | grep -o " $2=\"[0-9]*\"" | tr -dc 0-9
}

# Prints the names of failed tests in a results file, and of errors outside tests (such as a failed cleanup), one per line.
failed_names() {
  grep -oE '<(test|error) [^>]*>' "$1" | grep -E '^<error |result="Fail"' | sed -nE 's/.* name="([^"]*)".*/\1/p' |
    sed 's/\\&quot;/"/g; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&#xA;/ /g; s/&amp;/\&/g' | cut -c1-300
}

if ! command -v dotnet >/dev/null; then
  echo "test.sh: dotnet not found; install the .NET 10 SDK from https://dotnet.microsoft.com/download" >&2
  exit 1
fi

export DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

install_peers
export FTS_TEST_PEERS=$peers

if ! dotnet build fts.slnx --configuration Release --nologo -verbosity:quiet; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
if ! FTS_BUILD=native ./fts --version >/dev/null; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
export FTS_PROGRAM=$PWD/artifacts/program/current/fts

mkdir -p "$results"
passed=0 failed=0 skipped=0 failures=()
for directory in tests/*.Tests; do
  project=$(basename "$directory")
  wanted "$project" "$@" || continue
  echo "== $project"
  rm -f "$results/$project.xml"
  timeout 900 "artifacts/bin/$project/release/$project" -noLogo -noColor -result-xml "$results/$project.xml"
  code=$?
  if [ ! -s "$results/$project.xml" ] || [ "$(count "$results/$project.xml" total)" = 0 ]; then
    failures+=("$project: crashed, timed out or ran no tests (exit code $code)")
    failed=$((failed + 1))
    continue
  fi

  bad=$(($(count "$results/$project.xml" failed) + $(count "$results/$project.xml" errors)))
  [ "$bad" = 0 ] || mapfile -t -O "${#failures[@]}" failures < <(failed_names "$results/$project.xml")
  # An exit code other than 0 counts as a failure, even if the results file lists none.
  if [ "$code" != 0 ] && [ "$bad" = 0 ]; then
    failures+=("$project: exit code $code")
    bad=1
  fi
  passed=$((passed + $(count "$results/$project.xml" passed)))
  skipped=$((skipped + $(count "$results/$project.xml" skipped)))
  failed=$((failed + bad))
done

for name in "${failures[@]}"; do
  echo "FAILED $name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
