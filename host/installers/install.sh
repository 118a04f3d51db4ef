#!/bin/sh
# Installs cc-orchestrator for this user from a release: one file, no root, nothing edited. See --help.
set -eu

# Whoever publishes: the release fills in the real owner.
repository=OWNER/cc-orchestrator
program=cc-orchestrator

usage() {
  cat <<EOF
Installs $program for this user.

  install.sh [--version VERSION] [--dry-run]
  install.sh --uninstall

  --version VERSION  a certain release, such as 0.1.0 (default: the latest)
  --dry-run          only say what would be fetched, and where it would go
  --uninstall        remove the program; your state and the controllers' settings stay

  CC_ORCHESTRATOR_INSTALL_DIR   where the program goes (default: ~/.local/bin)
  CC_ORCHESTRATOR_DOWNLOAD_URL  where releases are (default: https://github.com/$repository/releases)
EOF
}

say() { printf '%s\n' "$*"; }

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The name that releases know this machine by.
target() {
  os=$(uname -s) machine=$(uname -m)
  # A shell under Rosetta says x86_64; the machine itself is faster.
  if [ "$os" = Darwin ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ]; then machine=arm64; fi
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no release for $os on $machine; build it from source (docs/install.md)" ;;
  esac
  case $os in
    Linux) say "$machine-unknown-linux-musl" ;;
    Darwin) say "$machine-apple-darwin" ;;
    MINGW* | MSYS* | CYGWIN*) fail "on Windows, use install.ps1 in PowerShell" ;;
    *) fail "there is no release for $os; build it from source (docs/install.md)" ;;
  esac
}

# fetch URL FILE
fetch() {
  if has curl; then
    # Never from https to something weaker.
    case $1 in https://*) only='=https' ;; *) only='=http,https' ;; esac
    curl --fail --silent --show-error --location --proto "$only" --retry 2 --output "$2" "$1"
  elif has wget; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is installed; install one of them"
  fi || fail "cannot fetch $1; check the network (or proxy), and that this release exists"
}

sha256() {
  if has sha256sum; then sum=$(sha256sum "$1")
  elif has shasum; then sum=$(shasum -a 256 "$1")
  elif has openssl; then sum=$(openssl dgst -sha256 -r "$1")
  else fail "none of sha256sum, shasum and openssl is installed, so the download cannot be checked"
  fi
  say "${sum%% *}"
}

# verify FOLDER ARCHIVE
verify() {
  wanted=$(awk -v name="$2" '$2 == name || $2 == "*" name { print $1 }' "$1/SHA256SUMS")
  [ -n "$wanted" ] || fail "SHA256SUMS of this release has no line for $2; nothing was installed"
  found=$(sha256 "$1/$2")
  [ "$found" = "$wanted" ] ||
    fail "$2 is not what its release says: sha256 is $found, not $wanted; nothing was installed. Try again later"
  say "checked: the sha256 of $2 is the one in this release's SHA256SUMS."
  say "This finds a damaged download. Who built it: gh attestation verify (docs/install.md)."
}

# place NEW: puts the program in its place in one step, and keeps the one that was there.
place() {
  mkdir -p "$folder" || fail "cannot make $folder; name another folder by CC_ORCHESTRATOR_INSTALL_DIR"
  new=$folder/.$program.new.$$
  { cp "$1" "$new" && chmod 755 "$new"; } || fail "cannot write to $folder; name another folder by CC_ORCHESTRATOR_INSTALL_DIR"
  if [ -f "$folder/$program" ]; then
    cp -p "$folder/$program" "$folder/$program.previous" || fail "cannot keep the present program in $folder; nothing was installed"
    kept=yes
  fi
  mv -f "$new" "$folder/$program"
}

advise_path() {
  case ":$PATH:" in
    *":$folder:"*)
      first=$(command -v "$program" || :)
      [ "$first" = "$folder/$program" ] || say "Note: $first comes first in your PATH."
      return ;;
  esac
  say "$folder is not in your PATH. To add it:"
  case ${SHELL:-} in
    */fish) say "  fish_add_path '$folder'" ;;
    */zsh) say "  echo 'export PATH=\"$folder:\$PATH\"' >> ~/.zshrc" ;;
    */bash) say "  echo 'export PATH=\"$folder:\$PATH\"' >> ~/.bashrc" ;;
    *) say "  echo 'export PATH=\"$folder:\$PATH\"' >> ~/.profile" ;;
  esac
}

install() {
  target=$(target)
  name=$program-$target
  if [ -n "$version" ]; then at=$releases/download/v$version; else at=$releases/latest/download; fi
  if [ "$dry" = yes ]; then
    say "would fetch $at/$name.tar.gz"
    say "would check it with $at/SHA256SUMS"
    say "would put $program into $folder"
    return
  fi
  work=$(mktemp -d) || fail "cannot make a temporary folder; set TMPDIR to one that can be written"
  trap 'rm -rf "$work" "$folder/.$program.new.$$"' EXIT
  trap 'exit 130' INT TERM HUP
  fetch "$at/SHA256SUMS" "$work/SHA256SUMS"
  fetch "$at/$name.tar.gz" "$work/$name.tar.gz"
  verify "$work" "$name.tar.gz"
  tar -xzf "$work/$name.tar.gz" -C "$work" "$name/$program" || fail "$name.tar.gz cannot be unpacked; nothing was installed"
  # One that does not run here must not replace one that does.
  told=$("$work/$name/$program" --version) ||
    fail "the program of this release does not run here; nothing was installed. Build it from source (docs/install.md)"
  kept=
  place "$work/$name/$program"
  say "installed: $told, $folder/$program"
  if [ -n "$kept" ]; then
    say "The one before is kept: mv '$folder/$program.previous' '$folder/$program' goes back."
    say "Next: $program upgrade-check"
  else
    say "Next: $program healthcheck"
  fi
  advise_path
}

uninstall() {
  [ -e "$folder/$program" ] || [ -e "$folder/$program.previous" ] || fail "there is no $program in $folder"
  if [ "$dry" = yes ]; then
    say "would remove $folder/$program"
    return
  fi
  rm -f "$folder/$program" "$folder/$program.previous" || fail "cannot remove $folder/$program"
  say "removed: $folder/$program"
  say "Your state stays, and so do entries that '$program setup' made in a controller's settings (docs/install.md)."
}

main() {
  version='' dry='' action=install
  while [ $# -gt 0 ]; do
    case $1 in
      --version)
        [ $# -gt 1 ] || fail "--version needs one, such as 0.1.0"
        version=${2#v}
        shift ;;
      --version=*) version=${1#--version=} version=${version#v} ;;
      --dry-run) dry=yes ;;
      --uninstall) action=uninstall ;;
      -h | --help)
        usage
        return ;;
      *) fail "'$1' is not known; see --help" ;;
    esac
    shift
  done
  case $version in *[!0-9A-Za-z.+-]*) fail "'$version' is no version; one looks like 0.1.0" ;; esac
  folder=${CC_ORCHESTRATOR_INSTALL_DIR:-${HOME:?is not set}/.local/bin}
  case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
  releases=${CC_ORCHESTRATOR_DOWNLOAD_URL:-https://github.com/$repository/releases}
  releases=${releases%/}
  case $action:$releases in
    install:*github.com/OWNER/*)
      fail "this copy does not know who publishes releases: take install.sh from a release, or set CC_ORCHESTRATOR_DOWNLOAD_URL" ;;
  esac
  $action
}

# Last, so that half a download of this script does nothing.
main "$@"
