"""Delays and rooms: against copies, the convolution of scipy, and ffmpeg."""

import numpy as np
from scipy import signal

from .common import RATE, Tones, against, agrees, bursts, db, differs, ffmpeg, impulse, null_db, ours, pink, response, sine, write


def both(x):
    return np.repeat(x, 2, axis=1)


@against("delay")
def delay():
    x = pink(3.0, 0.1, channels=2)
    y = ours("delay", x, time_ms=10, feedback_percent=50)
    wanted = np.zeros_like(x)
    for n in range(1, 40):
        wanted[480 * n:] += 0.5 ** (n - 1) * x[:-480 * n]
    yield agrees("delayed copies (numpy)", "10 ms, feedback 50 %, pink noise: null", null_db(y, wanted), -120)
    y = ours("delay", x, time_ms=10, feedback_percent=50, mode="ping-pong")
    mono, wanted = x.mean(axis=1), np.zeros_like(x)
    for n in range(1, 40):
        wanted[480 * n:, (n - 1) % 2] += 0.5 ** (n - 1) * mono[:-480 * n]
    scale = (y * wanted).sum() / (wanted**2).sum()
    yield agrees("delayed copies (numpy)", "ping-pong: null", null_db(y / scale, wanted), -120,
                 why=f"the sum goes in within {abs(db(scale)):.2f} dB of half of left plus right")
    # Between the frames, by a sound that can be looked up anywhere.
    tones = Tones(swell=(0.4, 0.05))
    t = np.arange(2 * RATE) / RATE
    for ms in (0.73, 3.141, 21.9, 123.456):
        y = ours("delay", both(tones.at(t)[:, None]), time_ms=ms, feedback_percent=40)
        wanted = sum(0.4 ** (n - 1) * tones.at(t - n * ms / 1000) for n in range(1, 30))
        yield agrees("the formula, between the frames", f"{ms:g} ms, feedback 40 %, tones to 9 kHz: null",
                     null_db(y[:, :1], wanted[:, None]), -90)
    theirs = ffmpeg("adelay=25:all=1", x)
    yield agrees("ffmpeg `adelay`", "25 ms, no feedback: null",
                 null_db(ours("delay", x, time_ms=25, feedback_percent=0), theirs), -120)
    theirs = ffmpeg("aecho=1:1:50|100|150:0.5|0.25|0.125", x) - np.pad(x, ((0, int(0.15 * RATE)), (0, 0)))
    y = ours("delay", x, time_ms=50, feedback_percent=50)[:int(0.199 * RATE)]
    yield agrees("ffmpeg `aecho`", "50 ms, feedback 50 %, the first three echoes: null", null_db(y / 2, theirs), -110,
                 why="their first echo is at half, ours at full level")
    y = ours("delay", impulse(RATE, channels=2), time_ms=25, feedback_percent=0, mix_percent=50)
    yield agrees("the input", "dry part of a mix: place", float(np.argmax(np.abs(y[:, 0]) > 0.01)), 0, "frames")


@against("delay")
def tape():
    """A steady tone of full scale, with every repeat there will ever be in it: what is no multiple of it."""
    worst, at = -200.0, None
    for hz in (997, 3001, 5003, 7001, 9001, 13_001, 15_013):
        for drive, ms in ((0, 10.0), (6, 7.31), (12, 4.003), (20, 7.31), (30, 10.0)):
            y = ours("delay", both(sine(hz, 4.0, 1.0)), time_ms=ms, feedback_percent=80, tape__drive_db=drive)
            spectrum = np.abs(np.fft.rfft(y[-RATE:, 0]))
            wrong = np.ones(len(spectrum), dtype=bool)
            wrong[::hz] = False
            wrong[20_000:] = False
            level = db(spectrum[wrong].max() / spectrum[hz])
            worst, at = max((worst, at), (level, f"{hz} Hz, {drive} dB"), key=lambda pair: pair[0])
    yield agrees("whole multiples of the tone",
                 "tape in the loop, 997 to 15013 Hz, 0 to 30 dB, feedback 80 %: highest wrong note below 20 kHz", worst, -80,
                 why=f"worst at {at}; at the stream's own rate the same curve would leave −19 dB")


def room(seconds, channels=1, seed=9):
    random = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    h = random.standard_normal((len(t), channels)) * 10 ** (-3 * t / seconds)[:, None]
    h[0] = 2.0
    return 0.05 * h


@against("convolution")
def convolution():
    x = bursts(3.0) @ np.ones((1, 2)) * [1.0, 0.7]
    for name, h in (("a mono room of 1 s", room(1.0)), ("a stereo room of 2.7 s", room(2.7, 2)), ("one of 37 frames", room(37.1 / RATE))):
        path = write(h)
        y = ours("convolution", x, files={"ir": path}, level="recorded", trim=False, tail=True)
        h = np.float32(h).astype(float)
        wanted = np.stack([signal.fftconvolve(x[:, c], h[:, min(c, h.shape[1] - 1)]) for c in (0, 1)], axis=1)
        yield agrees("`scipy.signal.fftconvolve`", f"{name}: null", null_db(y, wanted), -110)
    h = room(1.0)
    y = ours("convolution", x, files={"ir": write(h)}, level="recorded", trim=False)
    graph = "[0:a]aformat=sample_fmts=dblp[a];[1:a]aformat=sample_fmts=dblp[b];[a][b]afir=irnorm=-1:irfmt=mono[o0]"
    yield agrees("ffmpeg `afir`", "a mono room of 1 s: null", null_db(ours_len(y, x), ours_len(ffmpeg(graph, x, more=[write(h)]), x)),
                 -110)


def ours_len(y, x):
    return y[:len(x)]


@against("reverb")
def reverb():
    """The decay by backward integration (Schroeder 1965) in octaves: T30."""
    for kind in ("plate", "hall", "room"):
        for seconds in (1.0, 3.0):
            x = impulse(int((2 + 2 * seconds) * RATE), channels=2)
            y = ours("reverb", x, kind=kind, decay_s=seconds, low_ratio=1, high_ratio=1, mix_percent=100)
            sections = signal.butter(4, (707, 1414), "bandpass", fs=RATE, output="sos")
            energy = (signal.sosfilt(sections, y, axis=0) ** 2).sum(axis=1)
            left = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum() + 1e-30)
            inside = np.flatnonzero((left < -5) & (left > -35))
            slope = np.polyfit(inside / RATE, left[inside], 1)[0]
            yield agrees("Schroeder's backward integration (numpy)", f"`{kind}`, decay {seconds:g} s: T30 at 1 kHz, deviation",
                         abs(-60 / slope / seconds - 1) * 100, 5, "%")


def air_db_per_m(hz, kelvin=293.15, humidity=50.0):
    """ISO 9613-1:1993, equations 3 to 5, at sea level."""
    ratio = kelvin / 293.15
    steam = humidity * 10 ** (-6.8346 * (273.16 / kelvin) ** 1.261 + 4.6151)
    oxygen = 24 + 4.04e4 * steam * (0.02 + steam) / (0.391 + steam)
    nitrogen = ratio**-0.5 * (9 + 280 * steam * np.exp(-4.170 * (ratio ** (-1 / 3) - 1)))
    relaxed = (0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + hz**2 / oxygen)
               + 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + hz**2 / nitrogen))
    return 8.686 * hz**2 * (1.84e-11 * ratio**0.5 + ratio**-2.5 * relaxed)


@against("distance")
def distance():
    def heard(meters, air):
        y = ours("distance", both(impulse()), distance_m=meters, air_ratio=air, reflections_db=-60)
        # The reflections begin behind this.
        y[480:] = 0
        return response(y)

    worst = 0.0
    for meters in (0.5, 2.0, 8.0, 30.0):
        hz, found = heard(meters, 0)
        worst = max(worst, np.abs(db(found) + db(meters))[(hz > 200) & (hz < 15_000)].max())
    yield agrees("the law of distance (1/r)", "0.5 to 30 m, no air: level of the direct sound, 200 Hz to 15 kHz", worst, 0.1)
    for meters in (10.0, 40.0):
        hz, found = heard(meters, 1)
        inside = (hz > 1000) & (hz < 12_000)
        apart = db(found) + db(meters) + air_db_per_m(hz) * meters
        at = hz[inside][np.abs(apart[inside]).argmax()]
        yield agrees("ISO 9613-1 (numpy)", f"{meters:g} m of air: level of the direct sound, 1 to 12 kHz", np.abs(apart[inside]).max(), 1.5,
                     why=f"worst at {at:.0f} Hz: one filter of first order stands for the standard's curve, right at 8 kHz")
