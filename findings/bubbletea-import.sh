#!/usr/bin/env bash
# github.com/charmbracelet/bubbletea v1.3.10, the import alone.
#
# Whoever imports the package asks the terminal for the colour of its background, before
# main begins and whatever the program does: its init calls lipgloss.HasDarkBackground.
# A program with a command line and a screen in one binary sends escape sequences for
# --version, too. Where the terminal does not answer, main begins five seconds later. Output
# that is no terminal is spared.
#
# Seen: a program that prints one word writes "ESC ] 11 ; ? ESC \" and "ESC [ 6 n" to
# a pseudo-terminal first, and the word 5.0 s later.
#
# Needs script, of util-linux, for the pseudo-terminal.
source "$(dirname "$0")/setup.bash"
modules github.com/charmbracelet/bubbletea@v1.3.10

cat >main.go <<'GO'
package main

import (
	"fmt"

	_ "github.com/charmbracelet/bubbletea"
)

func main() { fmt.Println("word") }
GO
go mod tidy 2>>log
go build -o program .
start=$(date +%s%N)
TERM=xterm-256color script --quiet --flush --return --command ./program output </dev/null >/dev/null
milliseconds=$((($(date +%s%N) - start) / 1000000))
seen=$(tr -d '\r' <output | grep -a 'word' | cat -v)
echo "after $milliseconds ms: $seen"
[[ $seen == '^[]11;?'*'^[[6n'*word ]] || changed "the terminal is sent $seen"
((milliseconds >= 2000)) || changed "main begins after $milliseconds ms"
