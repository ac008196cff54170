"""Dynamics: against the published laws in numpy, and ffmpeg."""

import numpy as np

from .common import (RATE, against, agrees, bursts, crossing, db, differs, ffmpeg, harmonics, ladspa, null_db, ours, pink,
                     sine, steps)

SMOOTHED = "Giannoulis, Massberg, Reiss 2012, eq. 4 and 17 with a second follower, in numpy"


def law(level, threshold, slope, knee):
    """Reduction at a level, decibels: eq. 4, beyond the threshold upward."""
    over = level - threshold
    bend = slope * (over + knee / 2) ** 2 / max(2 * knee, 1e-9)
    return np.where(2 * over < -knee, 0, np.where(2 * np.abs(over) <= knee, bend, slope * over))


# The slow follower's constant over the release less the attack, by powers of attack over release: what both followers
# and the attack in a row need so that 63 % of a fall have passed after the release. (That they have is measured below.)
FOLLOWER = (0.9048427284850964, -0.031041154943897434, 0.5376486231469384, -14.050925962275407, 61.13934889274269,
            -126.05118351672824, 141.4554822914961, -82.39457861513804, 19.39933314114628)


def ballistics(wanted, attack_ms, release_ms, rate=RATE, start=0.0):
    """Eq. 17, decoupled and smooth, with a quick follower (a tenth of the slow one's constant) before the slow one."""
    attack, release = attack_ms * rate / 1000, release_ms * rate / 1000
    follower = (release - attack) * sum(c * (attack / release) ** k for k, c in enumerate(FOLLOWER))
    quick, fall, rise = np.exp(-10 / follower), np.exp(-1 / follower), np.exp(-1 / attack)
    zeroth = first = second = start
    out = np.empty(len(wanted))
    for n, x in enumerate(wanted.tolist()):
        zeroth = max(x, quick * zeroth + (1 - quick) * x)
        first = max(zeroth, fall * first + (1 - fall) * zeroth)
        second = rise * second + (1 - rise) * first
        out[n] = second
    return out


def settled(y, x, each_s=1.0):
    """Gains at the end of each step."""
    each = int(each_s * RATE)
    ends = np.arange(each - 100, len(x), each)
    return db(y[ends, 0]) - db(x[ends, 0])


def seconds_to_63(y, x, at, before, after):
    """From a step at a frame until 63 % of a change of gain, in decibels, has come."""
    gain = (db(y[at:, 0]) - db(x[at:, 0]) - before) / (after - before)
    return crossing(gain, 1 - np.exp(-1)) / RATE


@against("compressor")
def compressor():
    x = bursts()
    for knee, ratio, attack, release in ((0.0, 4.0, 10.0, 100.0), (6.0, 2.0, 1.0, 50.0), (12.0, 20.0, 30.0, 400.0)):
        reduction = ballistics(law(db(x[:, 0]), -24.0, 1 - 1 / ratio, knee), attack, release)
        wanted = x * 10 ** (-reduction[:, None] / 20)
        y = ours("compressor", x, threshold_db=-24, ratio=ratio, knee_db=knee, attack_ms=attack, release_ms=release,
                 detector="peak")
        yield agrees(SMOOTHED, f"bursts, {ratio:g}:1, knee {knee:g} dB, {attack:g}/{release:g} ms: null", null_db(y, wanted), -100)
    # The static law, by voltages.
    levels = np.arange(-50, 1, 2.5)
    x = steps(levels, 1.0)
    y = ours("compressor", x, threshold_db=-20, ratio=4, knee_db=0, detector="peak")
    theirs = ffmpeg("acompressor=threshold=0.1:ratio=4:knee=1:attack=10:release=100:detection=peak", x)
    yield agrees("ffmpeg `acompressor`", "4:1, hard knee: law, −50 to 0 dBFS", np.abs(settled(y, x) - settled(theirs, x)).max(),
                 0.02)
    y = ours("compressor", x, threshold_db=-20, ratio=4, knee_db=9.03, detector="peak")
    theirs = ffmpeg("acompressor=threshold=0.1:ratio=4:knee=2.8284:attack=10:release=100:detection=peak", x)
    yield agrees("ffmpeg `acompressor`", "4:1, knee of 9 dB: law, −50 to 0 dBFS",
                 np.abs(settled(y, x) - settled(theirs, x)).max(), 0.02,
                 why="its cubic between those two points with those two slopes is the parabola of the paper")
    # A steady tone.
    worst = 0.0
    for level in (-30, -18, -12, -6, -1):
        x = sine(997, 2.0, 10 ** (level / 20))
        wanted = -law(level, -20, 0.75, 6)
        y = ours("compressor", x, threshold_db=-20, ratio=4, knee_db=6, detector="envelope")
        worst = max(worst, abs(db(np.sqrt(2) * y[-RATE:].std()) - level - wanted))
    yield agrees("the law", "steady tones, 997 Hz, detector `envelope`: level", worst, 0.02)
    x = sine(997, 2.0, 10 ** (-6 / 20))
    theirs = ffmpeg("acompressor=threshold=0.1:ratio=4:knee=1:attack=10:release=100:detection=peak", x)
    short = db(np.sqrt(2) * theirs[-RATE:].std()) + 6 + law(-6, -20, 0.75, 0)
    yield differs("ffmpeg `acompressor`", "a steady tone 14 dB over: reduction missing of the law's", short, 0.3, 6,
                  why="it smooths the rectified wave with one branching stage, which sags between crests and never reads "
                      "the peak; our envelope does")
    # Times.
    x = steps([-40, 0, -40], 2.0)
    y = ours("compressor", x, threshold_db=-20, ratio=4, knee_db=0, attack_ms=10, release_ms=100, detector="peak")
    rise, fall = seconds_to_63(y, x, 2 * RATE, 0, -15), seconds_to_63(y, x, 4 * RATE, -15, 0)
    yield agrees("what is written", "attack 10 ms: deviation of 63 %, decibels", abs(rise / 0.010 - 1) * 100, 0.5, "%")
    yield agrees("what is written", "release 100 ms: deviation of 63 %, decibels", abs(fall / 0.100 - 1) * 100, 0.5, "%")
    theirs = ffmpeg("acompressor=threshold=0.1:ratio=4:knee=1:attack=10:release=100:detection=peak", x)
    rise_of_theirs, fall_of_theirs = seconds_to_63(theirs, x, 2 * RATE, 0, -15), seconds_to_63(theirs, x, 4 * RATE, -15, 0)
    why = ("it smooths the level in volts, not the reduction in decibels, and its time is four time constants: {:.2f} ms are "
           "heard of its {} ms")
    yield differs("ffmpeg `acompressor`", "attack 10 ms: time to 63 %, ours over theirs", rise / rise_of_theirs, 4, 12, "×",
                  why.format(rise_of_theirs * 1000, 10))
    yield differs("ffmpeg `acompressor`", "release 100 ms: time to 63 %, ours over theirs", fall / fall_of_theirs, 1, 5, "×",
                  why.format(fall_of_theirs * 1000, 100))
    yield agrees("the input", "threshold never reached: null", null_db(ours("compressor", 0.01 * x, threshold_db=0), 0.01 * x),
                 -140)


@against("expander")
def expander():
    x = bursts()
    reduction = np.minimum(law(-db(x[:, 0]), 40.0, 2.0 - 1, 6.0), 30.0)
    smooth = 200 - ballistics(200 - reduction, 1.0, 150.0, start=200.0)
    y = ours("expander", x, threshold_db=-40, ratio=2, knee_db=6, range_db=30, attack_ms=1, release_ms=150, detector="peak")
    yield agrees(SMOOTHED + ", upside down", "bursts, 2:1, 1/150 ms: null behind the first second",
                 null_db(y, x * 10 ** (-smooth[:, None] / 20), RATE), -100)
    x = steps(np.arange(-60, 1, 2.5), 1.0)
    y = ours("expander", x, threshold_db=-20, ratio=3, knee_db=0, range_db=24.26, detector="peak")
    theirs = ffmpeg("agate=threshold=0.1:ratio=3:knee=1:range=0.06125:attack=1:release=100:detection=peak", x)
    yield agrees("ffmpeg `agate`", "1:3, hard knee, range 24 dB: law, −60 to 0 dBFS",
                 np.abs(settled(y, x) - settled(theirs, x)).max(), 0.02)


@against("upward_compressor")
def upward():
    for detector in ("envelope", "rms"):
        x = sine(997, 4.0, 0.01)
        y = ours("upward_compressor", x, threshold_db=-30, ratio=2, knee_db=0, detector=detector)
        yield agrees("the law", f"a steady tone 10 dB under the threshold, 2:1, detector `{detector}`: lift missing of 5 dB",
                     5 - db(y[-RATE:].std() / x[-RATE:].std()), 0.2)


@against("gate")
def gate():
    x = 0.001 * pink(3.0, 0.1)
    t = np.arange(len(x)) / RATE
    on = ((t > 0.5) & (t < 1.0)) | ((t > 1.5) & (t < 1.51)) | (t > 2.0) & (t < 2.4)
    x[:, 0] += np.where(on, 0.5 * np.sin(2 * np.pi * 440 * t), 0)
    wanted = np.empty(len(x))
    opens, shuts, attack, hold, release, down = 0.01, 0.01 * 10 ** (-6 / 20), 240, 1440, 4800, 10 ** (-40 / 20)
    openness, start, goal, since, wait, is_open = 0.0, 0.0, 0.0, 1 << 30, 0, False
    for n, level in enumerate(np.abs(x[:, 0]).tolist()):
        if level >= opens or (is_open and level >= shuts):
            if not is_open:
                is_open, start, goal, since, length = True, openness, 1.0, 0, attack
            wait = hold
        elif is_open:
            if wait == 0:
                is_open, start, goal, since, length = False, openness, 0.0, 0, release
            else:
                wait -= 1
        if since < 1 << 29:
            since = min(since + 1, length)
            openness = start + (goal - start) * (0.5 - 0.5 * np.cos(np.pi * since / length))
        wanted[n] = down + (1 - down) * openness
    y = ours("gate", x, threshold_db=-40, hysteresis_db=6, attack_ms=5, hold_ms=30, release_ms=100, range_db=40, detector="peak")
    yield agrees("its own law in numpy: threshold, hysteresis, hold, half-cosine edges", "three notes: null",
                 null_db(y, x * wanted[:, None]), -100)
    y = ours("gate", x, threshold_db=-40, hysteresis_db=0, attack_ms=5, hold_ms=0, release_ms=100, range_db=40)
    theirs = ffmpeg("agate=threshold=0.01:ratio=9000:range=0.01:knee=1:attack=5:release=100:detection=peak", x)
    pause = slice(int(1.2 * RATE), int(1.45 * RATE))
    yield agrees("ffmpeg `agate`", "between notes, range 40 dB: level", abs(db(y[pause].std()) - db(theirs[pause].std())), 0.1)
    note = slice(int(0.6 * RATE), int(0.95 * RATE))
    yield agrees("ffmpeg `agate`", "in a note: level", abs(db(y[note].std()) - db(theirs[note].std())), 0.02)


def true_peak_db(x, times=16):
    """By padding the spectrum with zeros: exact between the samples."""
    n = 1 << int(np.ceil(np.log2(len(x) + 4096)))
    spectrum = np.fft.rfft(x[:, 0], n)
    return db(np.abs(np.fft.irfft(spectrum, n * times) * times).max())


def struck_noise():
    """Noise in strokes, with nothing above 0.42 of the rate, where the ceiling is promised."""
    noise = pink(6.0, 0.25, seed=5)
    music = noise * (0.4 + 2.2 * np.exp(-((np.arange(len(noise)) / RATE) % 0.5) / 0.05))[:, None]
    spectrum = np.fft.rfft(music, axis=0)
    spectrum[int(20_200 * len(music) / RATE):] = 0
    return np.fft.irfft(spectrum, len(music), axis=0)


@against("limiter")
def limiter():
    music = struck_noise()
    tone = 0.9 * np.sin(2 * np.pi * 12_000 * np.arange(2 * RATE) / RATE + np.pi / 4)[:, None]
    edges = np.minimum(1, np.minimum(np.arange(len(tone)), np.arange(len(tone))[::-1]) / 2400)[:, None]
    for name, x, gain in (("struck noise, driven 6 dB", music, 6.0), ("a tone of a quarter of the rate", tone * edges, 6.0)):
        y = ours("limiter", x, gain_db=gain, ceiling_dbtp=-1)
        theirs = ffmpeg(f"volume={gain}dB,aresample=192000,alimiter=limit=0.891251:attack=5:release=100:level=0:asc=0,"
                        f"aresample=48000", x)
        single = ffmpeg(f"volume={gain}dB,alimiter=limit=0.891251:attack=5:release=100:level=0:asc=0", x)
        yield agrees("spectrum padded to 16 × (numpy)", f"{name}: true peak over the ceiling", true_peak_db(y) + 1, 0.02)
        yield differs("ffmpeg `alimiter` at 4 × the rate", f"{name}: their true peak over the ceiling, less ours",
                      true_peak_db(theirs) - true_peak_db(y), -1, 3,
                      why="it keeps samples of the higher rate; bringing them back moves the peaks")
        yield differs("ffmpeg `alimiter`", f"{name}: their true peak over the ceiling, less ours",
                      true_peak_db(single) - true_peak_db(y), 0.05, 4, why="it looks at samples, not between them")
    y = ours("limiter", music, gain_db=6, ceiling_dbtp=-1)
    theirs = ffmpeg("volume=6dB,aresample=192000,alimiter=limit=0.891251:attack=5:release=100:level=0:asc=0,aresample=48000", music)
    yield differs("ffmpeg `alimiter` at 4 × the rate", "struck noise, driven 6 dB: level, ours less theirs",
                  db(y.std()) - db(theirs.std()), -1.5, 1.5,
                  why="other releases: ours holds 12.5 ms, then lets single peaks go in 15 ms and sustained loudness slowly")
    noise = pink(6.0, 0.25, seed=5)
    quiet = 0.5 * noise / np.abs(noise).max()
    yield agrees("the input", "peaks below the ceiling: differing samples",
                 np.count_nonzero(ours("limiter", quiet) != quiet.astype(np.float32)), 0, "samples",
                 "passes bit for bit, latency taken off")


def clipped_truth(hz, drive_db, curve, samples=1 << 18):
    """Overtones of a bent sine, as if the rate were endless."""
    phase = 2 * np.pi * np.arange(samples) / samples
    bent = curve(10 ** (drive_db / 20) * np.sin(phase))
    count = int(20_000 / hz)
    return np.fft.rfft(bent)[1:count + 1] * 2 / samples


@against("clipper")
def clipper():
    for hz in (101, 997, 3001):
        truth = clipped_truth(hz, 12, lambda x: np.clip(x, -0.5, 0.5))[::2]
        for quality, bound in (("normal", 0.4), ("high", 0.1)):
            y = ours("clipper", sine(hz, 2.0, 1.0), gain_db=12, ceiling_db=20 * np.log10(0.5), knee_percent=0, quality=quality)
            found = harmonics(y, hz, 2 * len(truth))[::2]
            error = np.where(db(truth / truth[0]) > -50, np.abs(db(found) - db(truth)), 0)
            yield agrees("a clipped sine at an endless rate (numpy)",
                         f"hard, driven 12 dB, {hz} Hz, `{quality}`: odd overtones to 20 kHz", error.max(), bound,
                         why=f"worst at {hz * (2 * error.argmax() + 1)} Hz: the averaging that keeps aliases away takes a little treble "
                             "of what is cut off")
    x = sine(3001, 2.0, 1.0)
    y = ours("clipper", x, gain_db=12, ceiling_db=0, knee_percent=0)
    theirs = ffmpeg("volume=12dB,asoftclip=type=hard:oversample=1", x)
    for_all = [np.abs(np.fft.rfft(found[-RATE:, 0])) for found in (y, theirs)]
    wrong = np.ones(len(for_all[0]), dtype=bool)
    wrong[::3001] = wrong[0] = False
    wrong[20_000:] = False
    ours_alias, theirs_alias = [db(spectrum[wrong].max() / spectrum[3001]) for spectrum in for_all]
    yield agrees("whole multiples of 3001 Hz", "hard, driven 12 dB: highest alias below 20 kHz", ours_alias, -85)
    yield differs("ffmpeg `asoftclip=hard`", "the same: their highest alias, less ours", theirs_alias - ours_alias, 20, 100,
                  why="it cuts samples at the stream's own rate")


@against("transient_shaper")
def transient_shaper():
    x = sine(997, 3.0, 0.1)
    y = ours("transient_shaper", x, attack_db=12, sustain_db=-12)
    yield agrees("the input", "a steady tone: level changed, after a second", abs(db(y[-RATE:].std() / x[-RATE:].std())), 0.1)
    x = bursts(seed=5)
    gains = [db(ours("transient_shaper", level * x, attack_db=9, sustain_db=6)[:, 0]) - db(level * x[:, 0]) for level in (1.0, 0.1)]
    loud = np.abs(x[:, 0]) > 0.01
    yield agrees("itself", "bursts 20 dB softer: difference of the gain", np.abs(gains[0] - gains[1])[loud].max(), 0.1,
                 why="what lies under −80 dB is taken for −80")
    # A struck tone: by how much its first 10 ms rise against what follows 100 ms later.
    t = np.arange(RATE) / RATE
    struck = np.tile(0.25 * np.exp(-t / 0.2) * np.sin(2 * np.pi * 400 * t), 4)[:, None]

    def raised(y):
        def part(z, at):
            return db(z[2 * RATE + at:2 * RATE + at + RATE // 100].std())
        return part(y, 0) - part(struck, 0) - (part(y, RATE // 10) - part(struck, RATE // 10))

    yield agrees("what is written", "a struck tone, attack 9 dB: its first 10 ms against the rest, more than written",
                 raised(ours("transient_shaper", struck, attack_db=9)) - 9, 0.5)
    theirs = raised(ladspa(("transient_1206", "transient"), struck, RATE, 1, 0))
    yield differs("swh `transient_1206`", "the same at its most: raised by theirs", theirs, 5, 25,
                  why="theirs has no decibels to set: its attack speed is a number from −1 to 1, this is what 1 gives")


@against("rider")
def rider():
    random = np.random.default_rng(4)
    levels = random.permutation(np.linspace(-34, -16, 7))
    phrase, rest = int(3.0 * RATE), np.zeros((RATE // 2, 1))
    x = np.concatenate([part for n, level in enumerate(levels) for part in (pink(3.0, 10 ** (level / 20), seed=n), rest)])

    def spread(y):
        each = phrase + len(rest)
        # The second second of each phrase on.
        return np.std([db(y[n * each + RATE:n * each + phrase].std()) for n in range(len(levels))])

    y = ours("rider", x, target_db=-24, range_db=24, speed_ms=250, gate_db=-60, weighting="rms")
    found, theirs = spread(y), spread(ffmpeg("dynaudnorm=f=500:g=3:p=0.95:m=30:r=0.063", x))
    yield agrees("the target", f"phrases of −34 to −16 dB ({spread(x):.1f} dB of spread): spread that is left", found, 0.5)
    yield differs("ffmpeg `dynaudnorm`", "the same: spread left by theirs less ours", theirs - found, -0.5, 12,
                  why=f"theirs leaves {theirs:.2f} dB: phrases as steady as these both bring to one level")
