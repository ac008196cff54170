"""null.py OURS THEIRS...: the level of the difference of audio files, in dBFS (needs numpy and soundfile)."""

import sys

import numpy as np
import soundfile as sf


def db(x):
    return 20 * np.log10(max(float(x), 1e-15))


ours, rate = sf.read(sys.argv[1], always_2d=True)
for name in sys.argv[2:]:
    theirs, other_rate = sf.read(name, always_2d=True)
    n = min(len(ours), len(theirs))
    difference = ours[:n] - theirs[:n]
    notes = "" if len(ours) == len(theirs) else f", lengths differ: {len(ours)} and {len(theirs)} frames"
    notes += "" if rate == other_rate else f", rates differ: {rate} and {other_rate} Hz"
    rms, peak = db(np.sqrt((difference**2).mean())), db(np.abs(difference).max())
    print(f"* {name.rsplit('/', 1)[-1]}: RMS {rms:.1f} dBFS, peak {peak:.1f} dBFS{notes}")
