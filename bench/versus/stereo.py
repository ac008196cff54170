"""Sides and levels: against plain arithmetic, and ffmpeg."""

import numpy as np
from scipy import signal

from .common import RATE, against, agrees, db, differs, ffmpeg, impulse, null_db, ours, pink, response, sine, worst_db


def stereo():
    return pink(2.0, 0.1, channels=2)


@against("stereo_width")
def width():
    x = stereo()
    middle, side = x.mean(axis=1, keepdims=True), (x[:, :1] - x[:, 1:]) / 2
    for percent in (0, 50, 150, 200):
        wanted = np.hstack([middle + percent / 100 * side, middle - percent / 100 * side])
        yield agrees("M ± width·S (numpy)", f"{percent} %: null", null_db(ours("stereo_width", x, width_percent=percent), wanted), -130)
    yield agrees("ffmpeg `extrastereo`", "150 %: null", null_db(ours("stereo_width", x, width_percent=150), ffmpeg("extrastereo=m=1.5:c=0", x)),
                 -120)
    yield agrees("ffmpeg `stereotools`", "150 %: null",
                 null_db(ours("stereo_width", x, width_percent=150), ffmpeg("stereotools=slev=1.5:softclip=0", x)), -120)


@against("mid_side")
def mid_side():
    x = stereo()
    encoded = ours("mid_side", x)
    wanted = np.stack([x.mean(axis=1), (x[:, 0] - x[:, 1]) / 2], axis=1)
    yield agrees("(L ± R)/2 (numpy)", "encode: null", null_db(encoded, wanted), -140)
    yield agrees("the input", "encode, decode: null", null_db(ours("mid_side", encoded, direction="decode"), x), -140)
    theirs = ffmpeg("stereotools=mode=lr>ms", x)
    yield agrees("ffmpeg `stereotools=lr>ms`", "encode: null", null_db(encoded, theirs), -130)


@against("decorrelator")
def decorrelator():
    x = stereo()
    y = ours("decorrelator", x)
    yield agrees("the input", "mono sum: null, latency taken off", null_db(y.sum(axis=1, keepdims=True), x.sum(axis=1, keepdims=True)),
                 -110)


@against("mono_maker")
def mono_maker():
    x = stereo()
    y = ours("mono_maker", x, phase="linear")
    yield agrees("the input", "linear phase, mono sum: null, latency taken off",
                 null_db(y.sum(axis=1, keepdims=True), x.sum(axis=1, keepdims=True)), -110)


@against("haas")
def haas():
    x = stereo()
    for side in ("right", "left"):
        wanted = x.copy()
        late = int(side == "right")
        wanted[:, late] = np.pad(x[:-720, late], (720, 0)) * 10 ** (-3 / 20)
        yield agrees("a delayed copy (numpy)", f"15 ms, −3 dB, {side}: null",
                     null_db(ours("haas", x, late_side=side, delay_ms=15, level_db=-3), wanted), -120)
    yield agrees("ffmpeg `adelay`", "15 ms: null", null_db(ours("haas", x, delay_ms=15), ffmpeg("adelay=0|15", x)), -120)


@against("rotation")
def rotation():
    x = stereo()
    for degrees in (-30, 17, 45):
        sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        wanted = x @ np.array([[cosine, sine], [-sine, cosine]])
        yield agrees("a matrix (numpy)", f"{degrees}°: null", null_db(ours("rotation", x, angle_degrees=degrees), wanted), -120)


@against("channels")
def channels():
    x = stereo()
    for route, graph in (("swap", "pan=stereo|c0=c1|c1=c0"), ("mono", "pan=stereo|c0=.5*c0+.5*c1|c1=.5*c0+.5*c1"),
                         ("side", "pan=stereo|c0=.5*c0-.5*c1|c1=.5*c0-.5*c1")):
        yield agrees("ffmpeg `pan`", f"{route}: null", null_db(ours("channels", x, route=route), ffmpeg(graph, x)), -130)


@against("dc_blocker")
def dc_blocker():
    x = impulse(1 << 19)
    for slope in (6, 12):
        b, a = signal.butter(slope // 6, 2 * np.pi * 5, "highpass", analog=True)
        hz, found = response(ours("dc_blocker", x, hz=5, slope_db_oct=slope), low=2)
        wanted = signal.freqs(b, a, 2 * np.pi * hz)[1]
        yield agrees("analog Butterworth (`scipy.signal.butter`)", f"5 Hz, {slope} dB/oct: response 2 Hz–20 kHz",
                     worst_db(found, wanted), 0.02)
        y = ours("dc_blocker", np.full((3 * RATE, 1), 0.5), hz=5, slope_db_oct=slope)
        yield agrees("silence", f"{slope} dB/oct: an offset after {0.33 if slope == 6 else 0.48} s",
                     db(y[int((0.33 if slope == 6 else 0.48) * RATE), 0] / 0.5), -89.5)


@against("gain")
def gain():
    x = stereo()
    yield agrees("a factor (numpy)", "−7.3 dB: null", null_db(ours("gain", x, gain_db=-7.3), x * 10 ** (-7.3 / 20)), -130)
    yield agrees("ffmpeg `volume`", "−7.3 dB: null", null_db(ours("gain", x, gain_db=-7.3), ffmpeg("volume=-7.3dB:precision=double", x)),
                 -130)
    yield agrees("the input", "0 dB: differing samples", np.count_nonzero(ours("gain", x) != x.astype(np.float32)), 0, "samples")


@against("test_signal")
def test_signal():
    x = np.zeros((8 * RATE, 2))
    tone = sine(997, 8.0, 10 ** (-18 / 20))
    yield agrees("`sin` (numpy)", "a tone, 8 s: null", null_db(ours("test_signal", x, hz=997)[:, :1], tone), -120)
    y = ours("test_signal", x, signal="sweep", sweep_s=8.0)[:, 0]
    t = np.arange(len(x)) / RATE
    rise = np.log(1000) / 8
    wanted = 10 ** (-18 / 20) * np.sin(2 * np.pi * 20 / rise * np.expm1(rise * t))
    inside = slice(RATE // 50, -RATE // 50)
    yield agrees("Farina's exponential sweep (numpy)", "20 Hz–20 kHz in 8 s: null", null_db(y[inside, None], wanted[inside, None]), -80)
    for kind, tilt, bound in (("white", 0.0, 0.25), ("pink", -3.0103, 0.35)):
        y = ours("test_signal", np.zeros((60 * RATE, 2)), signal=kind)[:, 0]
        hz, power = signal.welch(y, RATE, nperseg=1 << 14)
        edges = 31.25 * 2.0 ** np.arange(0, 9.5)
        bands = np.array([power[(hz >= low) & (hz < 2 * low)].mean() for low in edges[:9]])
        levels = 10 * np.log10(bands)
        line = levels - tilt * np.arange(9)
        yield agrees("`scipy.signal.welch`", f"{kind} noise, 60 s: octaves off the line", np.abs(line - line.mean()).max(), bound)
        yield agrees("a tone's power (AES17)", f"{kind} noise: level", abs(db(y.std()) - (-18 - 3.0103)), 0.15)


@against("balance_corrector")
def balance_corrector():
    # Its law in numpy: mean powers, followed; their ratio in decibels, followed; half of it taken from each side.
    random = np.random.default_rng(8)
    x = 0.2 * random.standard_normal((20 * RATE, 2)) * [1.0, 10 ** (-4 / 20)]
    x[8 * RATE:, 0] *= 10 ** (-6 / 20)
    tick, speed = 64, 2.0
    part = -np.expm1(-tick / (speed * RATE))
    powers = (x.astype(np.float32).astype(float) ** 2).reshape(-1, tick, 2).mean(axis=1)
    mean, lean, gains = np.zeros(2), 0.0, np.empty((len(powers) + 1, 2))
    gains[0] = 1.0
    for n, here in enumerate(powers):
        mean += part * (here - mean)
        lean += part * (np.clip(10 * np.log10(mean[0] / mean[1]), -6, 6) - lean)
        gains[n + 1] = 10 ** (-lean / 40), 10 ** (lean / 40)
    # What is found at the end of a tick is reached by the end of the next.
    gains = np.vstack([gains[:1], gains])
    frames = np.arange(len(x))
    at = (frames + 1) / tick
    wanted = np.stack([np.interp(at, np.arange(len(gains)), gains[:, c]) for c in (0, 1)], axis=1) * x
    yield agrees("followed powers and gains (numpy)", "noises that lean by 4 dB to the left, then by 2 to the right: null",
                 null_db(ours("balance_corrector", x, speed_s=speed), wanted), -100)
    x = x[:8 * RATE]
    y = ours("balance_corrector", x, speed_s=1.0)
    theirs = ffmpeg("dynaudnorm=f=500:g=31:n=0:c=0:r=0.1:m=4:p=0.99", x)

    def left(samples):
        return abs(db(samples[-2 * RATE:, 0].std() / samples[-2 * RATE:, 1].std()))

    yield agrees("both sides alike", "noises that lean by 4 dB, after six seconds: lean that is left", left(y), 0.1)
    yield differs("ffmpeg `dynaudnorm`, sides by themselves", "the same: lean left by theirs, less ours", left(theirs) - left(y), -0.2, 1,
                  why="theirs brings each side to a level of its own target and so changes the loudness too")


@against("meter")
def meter():
    x = stereo()
    yield agrees("the input", "noise: differing samples", np.count_nonzero(ours("meter", x) != x.astype(np.float32)), 0, "samples",
                 "passes bit for bit; its readings are those of `measure`, which [the page of meters](meters.md) holds against others")
