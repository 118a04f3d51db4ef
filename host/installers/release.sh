#!/bin/sh
# What a release is made of. The names are given here; install.sh and install.ps1 ask for them.
#   release.sh archive TARGET PROGRAM FOLDER   packs a built program, which must run on this machine
#   release.sh finish FOLDER OWNER/REPOSITORY  adds the checksums, and the installers of that repository
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

archive() {
  target=$1 program=$2 folder=$3
  name=cc-orchestrator-$target
  case $target in *windows*) suffix=.exe ;; *) suffix= ;; esac
  mkdir -p "$folder/$name/completions"
  cp "$program" "$folder/$name/cc-orchestrator$suffix"
  for file in "$here"/../../README.md "$here"/../../LICENSE*; do
    [ ! -f "$file" ] || cp "$file" "$folder/$name/"
  done
  for shell in bash elvish fish powershell zsh; do
    "$program" completions "$shell" >"$folder/$name/completions/cc-orchestrator.$shell"
  done
  case $target in
    # Windows has a tar that writes zip files; the one of Git's shell does not.
    *windows*) (cd "$folder" && "$SYSTEMROOT/System32/tar.exe" -a -cf "$name.zip" "$name") ;;
    *) tar -C "$folder" -czf "$folder/$name.tar.gz" "$name" ;;
  esac
  rm -r "${folder:?}/$name"
}

finish() {
  folder=$1 repository=$2
  for installer in install.sh install.ps1; do
    sed "s|OWNER/cc-orchestrator|$repository|" "$here/$installer" >"$folder/$installer"
  done
  cd "$folder"
  if command -v sha256sum >/dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
  $sum cc-orchestrator-* install.* >SHA256SUMS
}

"$@"
