#!/usr/bin/env bash
# tmux 3.5a, of Debian 12's backports, built with sixel.
#
# tmux keeps a sixel picture until something is written into its cells. An erasure counts for its whole line: ECH or EL
# far to the right of a picture drops the picture, and so does a line that a renderer ends with EL. Spaces in the place of
# the erasure keep it. The height of a picture counts in whole bands of six pixels: one of 68 pixels, four rows of 17,
# takes five rows, and text in the fifth drops it.
#
# Seen: a picture in columns 1 to 8 and rows 1 to 4 is drawn again after text and spaces in column 30, and no longer after
# `CSI 3 X` there, or after text in row 5. One of 66 pixels is, after text in row 5.
source "$(dirname "$0")/setup.bash"
export TMPDIR=$work
mkdir -p lists/partial
echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-backports main' >sources.list
apt=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root)
apt-get "${apt[@]}" update >>log 2>&1
apt-get "${apt[@]}" download tmux=3.5a-2~bpo12+1 >>log 2>&1
mkdir -p root
dpkg -x tmux_*.deb root
debian libjemalloc2=5.3.0-1 libevent-core-2.1-7 libutempter0
export PATH=$work/root/usr/bin:$PATH

echo 'while read -r line; do printf "$line"; done' >inner.sh

cat >outer.py <<'PY'
import fcntl, os, pty, re, select, struct, subprocess, termios, time

tmux = ["tmux", "-S", os.path.abspath("socket"), "-f", os.path.abspath("settings")]
open("settings", "w").write("set -g status off\n")
os.mkfifo("orders")
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm-256color"
    time.sleep(0.5)  # until the window has its size
    os.execvp("tmux", tmux + ["new-session", "exec bash inner.sh < orders"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 80 * 8, 24 * 17))

def read(seconds):
    """Returns what tmux writes, and says that the terminal has sixel where it is asked."""
    data, late = b"", time.time() + seconds
    while time.time() < late:
        if select.select([fd], [], [], 0.1)[0]:
            piece = os.read(fd, 65536)
            data += piece
            if re.search(rb"\x1b\[0?c", piece):
                os.write(fd, b"\x1b[?62;4c")
    return data

def picture(height):
    """Returns what draws 64 red columns of so many pixels at the top left of an empty screen, as printf reads it."""
    bands, rest = divmod(height, 6)
    last = "#1!64" + chr(63 + 2**rest - 1) if rest else ""
    return r"\033[2J\033[H\033Pq" + f'"1;1;64;{height}#1;2;100;0;0' + "#1!64~-" * bands + last + r"\033\\"

def redrawn():
    """Returns how many pictures tmux draws when it draws all."""
    read(1)
    subprocess.run(tmux + ["refresh-client"], check=True)
    return len(re.findall(rb"\x1bP[0-9;]*q", read(2)))

read(3)
orders = open("orders", "w", buffering=1)
seen = []
for name, height, order in (
    ("text", 68, r"\033[1;30Htext"), ("spaces", 68, r"\033[1;30H   "), ("erased", 68, r"\033[1;30H\033[3X"),
    ("below", 68, r"\033[5;1Htext"), ("below 66", 66, r"\033[5;1Htext"),
):
    orders.write(picture(height) + order + "\n")
    seen.append(f"{name} {redrawn()}")
print(", ".join(seen))
subprocess.run(tmux + ["kill-server"], check=True)
PY
tmux -V
seen=$(python3 outer.py)
echo "the pictures that are drawn again: $seen"
[[ $seen == "text 1, spaces 1, erased 0, below 0, below 66 1" ]] || changed "$seen"
