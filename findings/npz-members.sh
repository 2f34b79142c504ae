#!/usr/bin/env bash
# NumPy 1.24.2 (Debian python3-numpy), .npz files of numpy.savez.
#
# A .npy file is made to be mapped: its header is padded so that the values begin at a
# multiple of 64 bytes. An .npz file keeps the padding and loses what it is for: nothing
# aligns the members in the zip file, and numpy.load(mmap_mode="r") of an .npz file
# reads each array into memory without a word. Every member is written as Zip64,
# however small: its local header has a Zip64 field that a reader must skip to find
# the values.
#
# Seen: the values of two arrays of 60 bytes begin at bytes 183 and 427, which are
# not even multiples of 4; loaded with mmap_mode="r", a .npy file is a memmap,
# the .npz an ndarray.
#
# Debian 12, x86-64, with its own Python.
source "$(dirname "$0")/setup.bash"
debian python3-numpy=1:1.24.2-1+deb12u1 libopenblas0-pthread=0.3.21+ds-4 libgfortran5=12.2.0-14+deb12u1

cat >npz.py <<'PY'
import struct
import zipfile
import numpy as np

x = np.ones((3, 5), np.float32)
np.save("x.npy", x)
np.savez("x.npz", a=x, bb=x)
data = open("x.npz", "rb").read()
at, extra = [], set()
for member in zipfile.ZipFile("x.npz").infolist():
    name, field = struct.unpack_from("<HH", data, member.header_offset + 26)
    extra.add(struct.unpack_from("<H", data, member.header_offset + 30 + name)[0] if field else 0)
    at.append(member.header_offset + 30 + name + field + 128)
print(*at, "zip64" if extra == {1} else extra, type(np.load("x.npy", mmap_mode="r")).__name__,
      type(np.load("x.npz", mmap_mode="r")["a"]).__name__)
PY
seen=$(/usr/bin/python3 npz.py)
echo "places of the values, extra field, types: $seen"
read -r first second extra npy npz <<<"$seen"
((first % 64 != 0 && second % 64 != 0)) || changed "the values are aligned: $seen"
[[ "$extra $npy $npz" == "zip64 memmap ndarray" ]] || changed "$seen"
