"""What bends waveforms: against the curves at an endless rate, and ffmpeg."""

import numpy as np

from .common import RATE, against, agrees, db, differs, ffmpeg, harmonics, null_db, ours, pink, sine

CURVES = {
    "tape": (0.0, np.tanh),
    "tube": (0.45, np.tanh),
    "transformer": (0.0, lambda x: x / (1 + x**4) ** 0.25),
    "console": (0.12, lambda x: x / np.sqrt(1 + x * x)),
}


def shelf(kind, hz):
    """What stands before the curve, at the stream's rate."""
    s, corner = 1j * np.tan(np.pi * hz / RATE), lambda hz: np.tan(np.pi * hz / RATE)
    if kind == "tape":
        return 2 * (s + corner(3000)) / (s + corner(6000))
    if kind == "transformer":
        return (s + corner(150 * 2.818)) / (s + corner(150))
    return np.ones_like(s)


def still(hz):
    """What takes away what stands still, 5 Hz."""
    z = np.exp(-2j * np.pi * hz / RATE)
    return (1 - z) / (1 - np.exp(-2 * np.pi * 5 / RATE) * z)


def bent(kind, hz, drive_db, samples=1 << 18):
    """Overtones of a sine through shelf, curve and shelf, as if the rate were endless."""
    bias, curve = CURVES[kind]
    phase = 2 * np.pi * np.arange(samples) / samples
    drive = 10 ** (drive_db / 20) * np.abs(shelf(kind, np.array(float(hz))))
    slope = (curve(bias + 1e-5) - curve(bias - 1e-5)) / 2e-5
    y = (curve(drive * 0.5 * np.sin(phase) + bias) - curve(bias)) / slope
    count = int(19_000 / hz)
    overtones = np.fft.rfft(y)[1:count + 1] * 2 / samples
    at = hz * np.arange(1, count + 1.0)
    return overtones * still(at) / shelf(kind, at)


@against("saturator")
def saturator():
    for kind in CURVES:
        worst = 0.0
        for hz, drive in ((101, 12), (997, 6), (997, 18), (3001, 12)):
            truth = bent(kind, hz, drive)
            y = ours("saturator", sine(hz, 3.0), kind=kind, drive_db=drive, auto_gain=False)
            found = harmonics(y, hz, len(truth))
            worst = max(worst, np.abs(np.abs(found) - np.abs(truth)).max() / np.abs(truth[0]))
        yield agrees("the curve at an endless rate (numpy)", f"`{kind}`, 101 to 3001 Hz, 6 to 18 dB: worst overtone's error against "
                     "the tone", db(worst), -80)
    x = sine(101, 3.0)
    found = harmonics(ours("saturator", x, kind="tape", drive_db=12, auto_gain=False), 101, 5)[::2]
    less = db(shelf("tape", 0.0))
    for drive, low, high, why in (
            (12.0, 0.3, 0.9, f"a fault of ours, if a small one: both corners of the tape's shelf are prewarped, and so it stands at "
                             f"{less:.2f} dB in the lows instead of 0; they are driven that much less (at 48 kHz)"),
            (12.0 + less, 0.0, 0.15, "driven as hard as ours really is")):
        others = harmonics(ffmpeg(f"volume={drive}dB,asoftclip=type=tanh", x), 101, 5)[::2]
        apart = np.abs(db(found / found[0]) - db(others / others[0])).max()
        yield differs("ffmpeg `asoftclip=tanh`", f"`tape` at 101 Hz, driven 12 dB, theirs {drive:.2f} dB: third and fifth overtone",
                      apart, low, high, why=why)


@against("bitcrusher")
def bitcrusher():
    x = pink(3.0, 0.1)
    x = np.float32(x).astype(float)
    step = 2.0**-7
    rounded = np.round(x / step) * step
    y = ours("bitcrusher", x, bits=8, rate_hz=48_000, steps="raw")
    yield agrees("rounding (numpy)", "8 bits, the stream's rate: differing samples", np.count_nonzero(np.abs(y - rounded) > 1e-6), 0,
                 "samples")
    for bits in (4, 8, 12):
        step = 2.0 ** (1 - bits)
        tone = sine(997, 4.0, 0.4)
        error = ours("bitcrusher", tone, bits=bits, rate_hz=48_000, steps="raw", dither=True) - tone
        yield agrees("Lipshitz, Wannamaker, Vanderkooy 1992: Δ²/4", f"{bits} bits with dither: power of the error, deviation",
                     abs(10 * np.log10((error**2).mean() / (step**2 / 4))), 0.1)
    theirs = ffmpeg("acrusher=bits=8:mode=lin:aa=0:mix=0:samples=1", x)
    noise = 10 * np.log10(((theirs - x) ** 2).mean() / ((y - x) ** 2).mean())
    yield differs("ffmpeg `acrusher`", "8 bits: power of the error, theirs less ours", noise, -6.2, -5.8,
                  why="with `bits=8` it rounds to 2⁻⁸, which are 513 levels from −1 to 1: nine bits; ours rounds to 2⁻⁷")


@against("exciter")
def exciter():
    x = pink(2.0, 0.1)
    y = ours("exciter", x, amount_percent=0, auto_gain=False)
    yield agrees("the input", "amount 0: null, latency taken off", null_db(y, x), -120)
    x = sine(997, 2.0)
    y = ours("exciter", x, frequency_hz=3500, drive_db=36, amount_percent=100, auto_gain=False)
    spectrum = np.abs(np.fft.rfft(y[-RATE:, 0])) * 2 / RATE
    yield agrees("the input", "a tone of 997 Hz, driven 36 dB: offset and what is heard below it", db(spectrum[:900].max() / 0.5), -90)


@against("bass_enhancer")
def bass_enhancer():
    def made(run, level):
        """Second to sixth overtone of a bass of 60 Hz against the tone that came in."""
        return db(harmonics(run(sine(60, 4.0, level)), 60, 6)[1:] / level)

    mine = [made(lambda x: ours("bass_enhancer", x, cutoff_hz=100), level) for level in (0.5, 0.05)]
    yield agrees("itself", "a bass 20 dB softer: change of the harmonics against it", np.abs(mine[0] - mine[1]).max(), 0.05)
    total = 10 * np.log10((10 ** (mine[0] / 10)).sum())
    yield agrees("what is written", "60 Hz, `amount_db` −9: second to sixth harmonic together, off it", abs(total + 9), 2.0,
                 why="the crossover at 100 Hz takes 1 dB of the tone, and the filter that keeps harmonics above it 2 dB of the second")
    x = sine(60, 4.0) @ np.ones((1, 2))
    theirs = np.abs(harmonics(ffmpeg("virtualbass=cutoff=100:strength=3", x)[:, :1], 60, 8)[1:]).max()
    yield differs("ffmpeg `virtualbass`", "the same tone on both sides: its loudest harmonic", db(theirs / 0.5), -300, -100,
                  why="it makes none of this tone, so there is nothing to compare")


def hysteresis(h, k, c, coupling, steps=16):
    """Chowdhury 2019, equation 8, in units of the curve's own width and height, by Runge and Kutta's method; `h` is a
    function of the time in samples, what comes back are the samples."""
    def langevin(x):
        small = abs(x) < 1e-3
        value = x / 3 - x**3 / 45 if small else 1 / np.tanh(x) - 1 / x
        return value, 1 / 3 - x * x / 15 if small else 1 / x**2 - 1 / np.tanh(x) ** 2 + 1

    def slope(t, m):
        field, rate = h(t)
        wanted, bend = langevin(field + coupling * m)
        way = 1.0 if rate >= 0 else -1.0
        apart = wanted - m
        pinned = (1 - c) * apart / ((1 - c) * way * k - coupling * apart) if way * apart > 0 else 0.0
        return (pinned + c * bend) * rate / (1 - c * coupling * bend)

    def made(frames):
        m, d, out = 0.0, 1 / steps, np.empty(frames)
        for n in range(frames):
            out[n] = m
            for i in range(steps):
                t = n + i * d
                one = slope(t, m)
                two = slope(t + d / 2, m + d / 2 * one)
                three = slope(t + d / 2, m + d / 2 * two)
                m += d / 6 * (one + 2 * two + 2 * three + slope(t + d, m + d * three))
        return out
    return made


@against("tape")
def tape():
    # A low tone, which the losses of the playback head leave alone; the parameters in the middle of their ranges.
    period, level = 480, 0.5
    hz = RATE // period
    for drive, bias in ((0, 50), (12, 50), (12, 100)):
        gain = 3.0 * 10 ** (drive / 20) * level
        turn = 2 * np.pi / period
        made = hysteresis(lambda t: (gain * np.sin(turn * t), gain * turn * np.cos(turn * t)), 27 / 22,
                          0.55 + 0.43 * bias / 100, 0.025)(4 * period)[-period:]
        wanted = np.abs(np.fft.rfft(made))[1:12]
        y = ours("tape", sine(hz, 4.0, level), speed_ips=30, drive_db=drive, saturation_percent=50, bias_percent=bias,
                 width_percent=50, bump_db=0, wow_percent=0, flutter_percent=0, auto_gain=False)
        found = np.abs(harmonics(y, hz, 11))
        worst = np.abs(db(found / found[0]) - db(wanted / wanted[0]))[2::2].max()
        yield agrees("Jiles and Atherton's equation after Chowdhury 2019, by Runge and Kutta's method (numpy)",
                     f"{hz} Hz, drive {drive} dB, bias {bias} %: third to eleventh overtone against the tone", worst, 0.1)
