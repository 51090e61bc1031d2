#!/bin/bash
# SPDX-License-Identifier: ISC
# Runs shellcheck over every shell file of the checkout: what says in its first line that it is one.

set -euo pipefail
cd "$(dirname "$0")/../.."

files=()
while IFS= read -r -d '' file; do
    IFS= read -r first <"$file" || :
    case $first in
    '#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'* | '# shellcheck shell='*) files+=("$file") ;;
    esac
done < <(find .ci alpine client debian docker s6-rc.d tests tools -type f -print0 2>/dev/null)
shellcheck -x "${files[@]}"
echo "${#files[@]} files"
