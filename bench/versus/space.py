"""Delays and rooms: against copies, the convolution of scipy, and ffmpeg."""

import numpy as np
from scipy import signal

from .common import RATE, Tones, against, agrees, bursts, db, differs, ffmpeg, impulse, null_db, ours, pink, write


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
