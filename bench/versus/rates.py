"""Changes of the sample rate: against soxr."""

import numpy as np
from scipy import signal

from .common import against, agrees, db, differs, null_db, ours_mix, pink, sine, write


def ours(x, rate, to, name):
    song = (f'[song]\ntitle = "{name}"\nsample_rate_hz = {to}\npan_law_db = -3.0\n'
            f'[[track]]\nid = "source"\naudio = "{write(np.repeat(x, 2, axis=1), rate)}"\n')
    return ours_mix(song, name)[:, :1]


@against("resampler")
def resampler():
    import soxr
    for rate, to in ((96_000, 44_100), (44_100, 48_000), (48_000, 96_000)):
        x = pink(3.0, 0.1, rate, high=19_000)
        y = ours(x, rate, to, f"down{rate}to{to}")
        exact = signal.resample(x, len(x) * to // rate)
        inside = slice(to // 4, len(y) - to // 4)
        yield agrees("`scipy.signal.resample` (the whole spectrum at once)", f"{rate} → {to} Hz, pink noise to 19 kHz: null",
                     null_db(y[inside], exact[inside]), -130)
        theirs = soxr.resample(x, rate, to, quality="VHQ")
        off = null_db(theirs[inside], exact[inside])
        yield differs("`soxr` VHQ", f"{rate} → {to} Hz, pink noise to 19 kHz: null", null_db(y[inside], theirs[inside]), -160, -85,
                      why=f"soxr is {off:.0f} dB from the exact one"
                      + ("; its error lies at the top of the band" if off > -120 else ""))
        if to < rate:
            folded = ours(sine(27_000, 2.0, 0.5, rate), rate, to, f"folded{rate}")
            yield agrees("silence", f"{rate} → {to} Hz, a tone of 27 kHz: what folds back",
                         db(np.abs(folded[to // 4:-to // 4]).max() / 0.5), -100)
