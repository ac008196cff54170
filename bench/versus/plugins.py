"""LV2 and LADSPA plug-ins: the same signals through them and through ours, and what their makers do otherwise."""

import numpy as np
from scipy import signal
from scipy.optimize import minimize_scalar

from .common import (RATE, against, agrees, db, differs, ffmpeg, impulse, ladspa, lv2, null_db, ours, pink, response, sine, sox, steps)
from .dynamics import bursts, seconds_to_63, settled, struck_noise, true_peak_db
from .equalizers import bell, truth

CALF, LSP, X42 = "http://calf.sourceforge.net/plugins/", "http://lsp-plug.in/plugins/lv2/", "http://gareus.org/oss/lv2/"
EQ10Q, INVADA = "http://eq10q.sourceforge.net/", "http://invadarecords.com/plugins/lv2/"
# An impulse behind a second in which settings have come to rest.
LATE = RATE


def both(x):
    return np.repeat(x, 2, axis=1)


def of_theirs(run):
    """Frequencies and the response of a plug-in that is at rest."""
    return response(run(both(impulse(1 << 18, at=LATE)))[LATE:])


def decibels_of_ours(hz, gain, q):
    return db(response(ours("eq", both(impulse(1 << 18, at=LATE)), bells__1__hz=hz, bells__1__gain_db=gain, bells__1__q=q)[LATE:])[1])


def filters():
    """A bell at that place, +6 dB, as each has it; and whether its Q is ours."""
    six = f"{10 ** 0.3:.6f}"
    octaves = 2 / np.log(2) * np.arcsinh(0.5)
    yield "Calf `Equalizer5Band`", True, lambda hz: lambda x: lv2(
        CALF + "Equalizer5Band", x, p3_active=1, p3_freq=hz, p3_level=six, p3_q=1, ls_active=0, hs_active=0)
    yield "EQ10Q `eq1q`", True, lambda hz: lambda x: lv2(
        EQ10Q + "eq/eq1qs", x, filter1_enable=1, filter1_type=11, filter1_freq=hz, filter1_gain=6, filter1_q=1)
    yield "LSP `para_equalizer`, APO (DR)", True, lambda hz: lambda x: lv2(
        LSP + "para_equalizer_x16_stereo", x, ft_0=1, f_0=hz, g_0=six, q_0=1, fm_0=6)
    yield "swh `triplePara`", True, lambda hz: lambda x: sox(
        f"ladspa -r triple_para_1204 triplePara 0 100 0.5 6 {hz} {octaves:.5f} 0 2000 1 0 3000 1 0 8000 0.5", x)
    yield "LSP `para_equalizer`, RLC (MT)", False, lambda hz: lambda x: lv2(
        LSP + "para_equalizer_x16_stereo", x, ft_0=1, f_0=hz, g_0=six, q_0=1, fm_0=1)
    yield "x42 `fil4`", False, lambda hz: lambda x: lv2(X42 + "fil4#stereo", x, sec4=1, freq4=hz, gain4=6, q4=1)


@against("eq")
def eq():
    for name, same, make in filters():
        hz, found = of_theirs(make(1000))
        low = (hz >= 100) & (hz <= 4000)
        q = 1.0 if same else minimize_scalar(lambda q: np.abs(db(found) - db(truth(bell(1000, 6, q), hz)))[low].max(), (0.2, 3), method="bounded",
                                             bounds=(0.1, 5)).x
        apart = np.abs(db(found) - decibels_of_ours(1000, 6, q))[low].max()
        shape = "" if same else f"its bandwidth is another number: Q {q:.2f} of ours comes nearest"
        yield agrees(name, "bell of +6 dB at 1 kHz: response, 100 Hz to 4 kHz", apart, 0.1 if same else 0.6, why=shape)
        hz, found = of_theirs(make(14_000))
        model = db(truth(bell(14_000, 6, q), hz))
        theirs, mine = np.abs(db(found) - model).max(), np.abs(decibels_of_ours(14_000, 6, q) - model).max()
        yield differs(name, "the same at 14 kHz: farther from the analog model than ours", theirs - mine, 0.1, 5,
                      why=f"theirs is {theirs:.2f} dB off it, ours {mine:.2f} dB, at 48 kHz")


def misses(run, effect, keys, hz):
    """How far faders that stand 4 dB up and down in turn are missed at their centers, by theirs and by ours."""
    wanted = np.array([4.0 if n % 2 == 0 else -4.0 for n in range(len(hz))])

    def off(spectrum):
        levels = np.interp(hz, spectrum[0], db(spectrum[1]))
        return np.abs(levels - wanted).max()

    settings = {f"gain_{key}_db": gain for key, gain in zip(keys, wanted)}
    mine = off(response(ours(effect, both(impulse(1 << 18, at=LATE)), **settings)[LATE:]))
    return off(of_theirs(lambda x: run(x, wanted))), mine


@against("graphic")
def graphic():
    keys = ("31", "63", "125", "250", "500", "1k", "2k", "4k", "8k", "16k")
    theirs, mine = misses(lambda x, gains: ladspa(("caps", "Eq10X2"), x, RATE, *gains), "graphic", keys,
                          (31.25, 62.5, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000))
    yield differs("CAPS `Eq10X2`", "faders 4 dB up and down in turn: missed at a center, theirs less ours", theirs - mine, 2, 12,
                  why=f"theirs misses by {theirs:.2f} dB, ours by {mine:.2f} dB: neighbors add up, and it does not reckon with it")


@against("graphic_31")
def graphic_31():
    keys = ("32 40 50 63 80 100 125 160 200 250 315 400 500 630 800 1k 1k25 1k6 2k 2k5 3k15 4k 5k 6k3 8k 10k 12k5 16k".split())
    hz = [31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000,
          10_000, 12_500, 16_000]
    keys[0] = "31"
    theirs, mine = misses(lambda x, gains: ladspa(("ZamGEQ31-ladspa", "ZamGEQ31"), x, RATE, 0, *gains, 0), "graphic_31", keys, hz)
    yield agrees("ZamGEQ31", "faders 4 dB up and down in turn: missed at a center, the worse of both", max(theirs, mine), 0.05,
                 why=f"theirs misses by {theirs:.3f} dB, ours by {mine:.3f} dB: both reckon with the neighbors")


@against("compressor")
def compressor():
    x = both(steps(np.arange(-50, 1, 2.5), 1.0))
    mine = settled(ours("compressor", x, threshold_db=-20, ratio=4, knee_db=0, detector="peak"), x)

    def law_apart(y):
        return np.abs(settled(y, x) - mine).max()

    what = "4:1 over −20 dB, hard knee: law, −50 to 0 dBFS"
    yield agrees("LSP `compressor`", what, law_apart(lv2(LSP + "compressor_stereo", x, scm=0, al=0.1, cr=4, kn=1, at=10, rt=100)), 0.02)
    yield agrees("Calf `Compressor`", what,
                 law_apart(lv2(CALF + "Compressor", x, threshold=0.1, ratio=4, knee=1, attack=10, release=100, detection=1)), 0.02)
    yield differs("swh `sc4`", what, law_apart(ladspa(("sc4_1882", "sc4"), x, RATE, 1, 10, 100, -20, 4, 1, 0)), 0.05, 0.5,
                  why="its knee is never harder than 1 dB")
    theirs = settled(lv2(INVADA + "compressor/stereo", x, rms=0, attack=0.01, release=0.1, threshold=-20, ratio=4, noClip=0), x)
    yield differs("Invada `compressor`", what, np.abs(theirs - mine).max(), 4, 12,
                  why=f"what it calls 4:1 is {20 / (20 + theirs[-1]):.2f}:1 when measured")
    theirs = settled(lv2(X42 + "darc#stereo", x, threshold=-20, Ratio=0.75, attack=0.01, release=0.1), x)
    yield differs("x42 `darc`", what, np.abs(theirs - mine).max(), 4, 12,
                  why=f"it turns soft sounds up by {theirs[0]:.1f} dB by itself, and bends over tens of decibels")
    x = both(steps([-40, 0, -40], 2.0))
    for name, y in (("LSP `compressor`", lv2(LSP + "compressor_stereo", x, scm=0, al=0.1, cr=4, kn=1, at=10, rt=100)),
                    ("Calf `Compressor`", lv2(CALF + "Compressor", x, threshold=0.1, ratio=4, knee=1, attack=10, release=100, detection=1))):
        rise, fall = seconds_to_63(y, x, 2 * RATE, 0, -15), seconds_to_63(y, x, 4 * RATE, -15, 0)
        why = "they smooth the level in volts, ours the reduction in decibels: {:.2f} ms are heard of {} ms"
        yield differs(name, "attack 10 ms: time to 63 % of the reduction, decibels, written over theirs", 0.010 / rise, 1, 20, "×",
                      why.format(rise * 1000, 10))
        yield differs(name, "release 100 ms: time to 63 %, written over theirs", 0.100 / fall, 0.3, 10, "×", why.format(fall * 1000, 100))


@against("limiter")
def limiter():
    music = both(struck_noise())
    mine = true_peak_db(ours("limiter", music, gain_db=6, ceiling_dbtp=-1))
    limit = f"{10 ** (-1 / 20):.6f}"
    for name, y, low, why in (
            ("x42 `dpl`, true peak", lv2(X42 + "dpl#stereo", music, gain=6, threshold=-1, release=0.1, truepeak=1), -0.5,
             "it looks at four times the rate"),
            ("x42 `dpl`", lv2(X42 + "dpl#stereo", music, gain=6, threshold=-1, release=0.1), 0.02, "it looks at samples, not between them"),
            ("LSP `limiter`", lv2(LSP + "limiter_stereo", music, g_in=f"{10 ** 0.3:.5f}", th=limit, alr=0, boost=0, ovs=0), 0.02,
             "it looks at samples, not between them"),
            ("LSP `limiter`, 4 × the rate", lv2(LSP + "limiter_stereo", music, g_in=f"{10 ** 0.3:.5f}", th=limit, alr=0, boost=0, ovs=16), -0.5,
             "where it oversamples, its samples too pass the ceiling by so much, in all of its modes that were tried"),
            ("Calf `Limiter`, 4 × the rate",
             lv2(CALF + "Limiter", music, level_in=f"{10 ** 0.3:.5f}", limit=limit, oversampling=4, auto_level=0, asc=0), -0.5, "it holds samples of the higher rate; bringing them back moves the peaks")):
        yield differs(name, "struck noise, driven 6 dB: their true peak over the ceiling, less ours", true_peak_db(y) - mine, low, 4, why=why)


@against("gate")
def gate():
    x = both(bursts(seed=7))
    x[RATE:RATE + RATE // 2] = both(sine(997, 0.5, 0.001))
    pause = slice(RATE + 19_000, RATE + 23_500)
    mine = ours("gate", x, threshold_db=-30, range_db=24, hold_ms=0, release_ms=50)[pause].std()
    theirs = lv2(LSP + "gate_stereo", x, gt=f"{10 ** -1.5:.6f}", gr=f"{10 ** -1.2:.6f}", at=2, rt=50)[pause].std()
    yield agrees("LSP `gate`", "shut, range 24 dB: level of a soft tone", abs(db(mine / theirs)), 0.1)


def t30(y):
    """The decay around 1 kHz by backward integration."""
    sections = signal.butter(4, (707, 1414), "bandpass", fs=RATE, output="sos")
    energy = (signal.sosfilt(sections, y, axis=0) ** 2).sum(axis=1)
    left = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum() + 1e-30)
    inside = np.flatnonzero((left < -5) & (left > -35))
    return -60 / np.polyfit(inside / RATE, left[inside], 1)[0]


@against("reverb")
def reverb():
    x = both(impulse(6 * RATE))
    theirs = t30(ladspa(("zita-reverbs", "zita-reverb"), x, RATE, 0.04, 250, 2, 2, 24_000, 160, 0, 2500, 0, 1))
    mine = t30(ours("reverb", x, kind="hall", decay_s=2, low_ratio=1, high_ratio=1))
    yield agrees("zita-reverb", "2 s written: T30 at 1 kHz, theirs against ours", abs(theirs / mine - 1) * 100, 5, "%",
                 why=f"theirs decays in {theirs:.2f} s, ours in {mine:.2f} s")
    for name, y in (("Calf `Reverb`", lv2(CALF + "Reverb", both(impulse(16 * RATE)), decay_time=2, hf_damp=20_000, dry=0, amount=1)),
                    ("TAP `reverb`", ladspa(("tap_reverb", "tap_reverb"), x, RATE, 2000, -70, 0, 1, 1, 1, 1, 0))):
        theirs = t30(y)
        yield differs(name, "2 s written: T30 at 1 kHz, theirs off it", abs(theirs / 2 - 1) * 100, 10, 500, "%",
                      why=f"theirs decays in {theirs:.2f} s")


def sway_db(y):
    """Between the loudest and the softest hundredth of a second of a tone."""
    levels = [y[at:at + RATE // 100, 0].std() for at in range(RATE, 2 * RATE + RATE // 2, RATE // 100)]
    return db(max(levels)) - db(min(levels))


@against("chorus")
def chorus():
    """A tone of 10 kHz through the moving delay alone: reading between samples badly takes treble away half-way."""
    x = both(sine(10_000, 3.0))
    mine = sway_db(ours("chorus", x, voices=1, mix_percent=100, rate_hz=2))
    yield agrees("a constant", "one voice alone, a tone of 10 kHz: sway of its level", mine, 0.05)
    why = "it draws straight lines between samples, or whole samples alone"
    for name, y in (("Calf `MultiChorus`", lv2(CALF + "MultiChorus", x, voices=1, dry=0, amount=1, mod_rate=2, mod_depth=4, freq=10_000,
                                               freq2=10_000)),
                    ("TAP `chorusflanger`", ladspa(("tap_chorusflanger", "tap_chorusflanger"), x, RATE, 2, 90, 50, 8, 20, -90, 0)),
                    ("sox `chorus`", sox("chorus 1 1 20 1 2 4 -s", x))):
        yield differs(name, "one voice alone, a tone of 10 kHz: sway of its level, theirs", sway_db(y), 0.3, 12, why=why)


@against("flanger")
def flanger():
    x = both(sine(10_000, 3.0))
    y = lv2(CALF + "Flanger", x, dry=0, amount=1, feedback=0, mod_rate=2, mod_depth=3)
    yield differs("Calf `Flanger`", "the moved copy alone, a tone of 10 kHz: sway of its level, theirs", sway_db(y), 0.3, 12,
                  why="it draws straight lines between samples")


@against("vibrato")
def vibrato():
    x = both(sine(10_000, 3.0))
    yield differs("TAP `vibrato`", "a tone of 10 kHz: sway of its level, theirs less ours",
                  sway_db(ladspa(("tap_vibrato", "tap_vibrato"), x, RATE, 5, 2, -90, 0)) - sway_db(ours("vibrato", x)), 0.1, 6,
                  why="its reading between samples loses treble half-way between two")


def alias_db(y, hz):
    """The loudest of what is no multiple of the tone, below 20 kHz."""
    spectrum = np.abs(np.fft.rfft(y[-RATE:, 0]))
    wrong = np.ones(len(spectrum), dtype=bool)
    wrong[::hz] = wrong[:50] = False
    wrong[20_000:] = False
    return db(spectrum[wrong].max() / spectrum[hz])


@against("saturator")
def saturator():
    hz = 5003
    x = both(sine(hz, 3.0))
    mine = alias_db(ours("saturator", x, drive_db=12, auto_gain=False), hz)
    yield agrees("whole multiples of 5003 Hz", "`tape`, driven 12 dB: highest alias below 20 kHz", mine, -80)
    for name, y in (("Calf `Saturator`", lv2(CALF + "Saturator", x, drive=5)), ("Invada `tube`", lv2(INVADA + "tube/stereo", x, drive=12, mix=100)),
                    ("TAP `tubewarmth`", ladspa(("tap_tubewarmth", "tap_tubewarmth"), x, RATE, 5, -10)),
                    ("TAP `sigmoid`", ladspa(("tap_sigmoid", "tap_sigmoid"), x, RATE, 12, 0)),
                    ("CAPS `Saturate`", ladspa(("caps", "Saturate"), x, RATE, 1, 12, 0)),
                    ("swh `valve`", ladspa(("valve_1209", "valve"), x, RATE, 0.5, 0.5)), ("sox `overdrive`", sox("gain -3 overdrive 12 0", x))):
        theirs = alias_db(y, hz)
        yield differs(name, "a tone of 5003 Hz, driven about as hard: their highest alias, less ours", theirs - mine, 20, 110,
                      why=f"theirs is at {theirs:.0f} dB of the tone: {'little' if theirs < -55 else 'no, or next to no,'} oversampling")


@against("exciter")
def exciter():
    hz = 5003
    x = both(sine(hz, 3.0))
    mine = alias_db(ours("exciter", x, auto_gain=False), hz)
    yield agrees("whole multiples of 5003 Hz", "as it stands: highest alias below 20 kHz", mine, -80)
    for name, y in (("Calf `Exciter`", lv2(CALF + "Exciter", x, freq=3500)), ("ffmpeg `aexciter`", ffmpeg("aexciter=freq=3500", x))):
        theirs = alias_db(y, hz)
        yield differs(name, "the same tone: their highest alias, less ours", theirs - mine, 20, 140, why=f"theirs is at {theirs:.0f} dB of the tone")


@against("tape")
def tape():
    hz = 5003
    x = both(sine(hz, 3.0))
    mine = alias_db(ours("tape", x, drive_db=12, auto_gain=False), hz)
    theirs = alias_db(lv2(CALF + "TapeSimulator", x, noise=0, mechanical=0, level_in=2), hz)
    yield differs("Calf `TapeSimulator`", "a tone of 5003 Hz, driven: their highest alias, less ours", theirs - mine, 10, 140,
                  why=f"theirs is at {theirs:.0f} dB of the tone: a curve at the stream's own rate, without hysteresis")


@against("stereo_width")
def stereo_width():
    x = pink(3.0, 0.1, channels=2)
    theirs = lv2(CALF + "StereoTools", x, slev=1.5)
    yield agrees("Calf `StereoTools`", "150 %: null", null_db(theirs, ours("stereo_width", x, width_percent=150)), -120)


@against("mid_side")
def mid_side():
    x = pink(3.0, 0.1, channels=2)
    theirs, mine = ladspa(("matrix_st_ms_1420", "matrixStMS"), x), ours("mid_side", x)
    yield agrees("swh `matrixStMS`", "mid: null", null_db(theirs[:, :1], mine[:, :1]), -120)
    yield agrees("swh `matrixStMS`", "side, doubled: null", null_db(2 * theirs[:, 1:], mine[:, 1:]), -120,
                 why="its side is (L − R)/4 beside a mid of (L + R)/2")


@against("gain")
def gain():
    x = pink(2.0, 0.1, channels=2)
    theirs = ladspa(("amp", "amp_stereo"), x, RATE, 0.5)
    yield agrees("LADSPA SDK `amp_stereo`", "half: null", null_db(theirs, ours("gain", x, gain_db=20 * np.log10(0.5))), -120)


@against("delay")
def delay():
    x = pink(3.0, 0.1, channels=2)
    theirs = ladspa(("tap_echo", "tap_stereo_echo"), x, RATE, 10, 50, 10, 50, 0, 0, -70, 0, 0, 0)
    mine = ours("delay", x, time_ms=481 / 48, feedback_percent=50)
    scale = (theirs * mine).sum() / (mine**2).sum()
    yield agrees("TAP `stereo_echo`", "10 ms there, 481 frames here, feedback 50 %: null", null_db(theirs / scale, mine), -60,
                 why="theirs is a frame later than written, and lets the dry sound through at −70 dB, its least")


@against("dc_blocker")
def dc_blocker():
    def corner(spectrum):
        hz, found = spectrum
        return np.interp(-3.0, db(found) - db(found[-1]), hz)

    def long(run):
        x = np.zeros((1 << 20, 2))
        x[LATE] = 0.1
        return response(run(x)[LATE:], low=0.5)

    mine, theirs = corner(long(lambda x: ours("dc_blocker", x))), corner(long(lambda x: sox("ladspa -r dc_remove_1207 dcRemove", x)))
    yield agrees("what is written", "5 Hz: where 3 dB are gone, off it", abs(mine / 5 - 1) * 100, 1, "%")
    yield differs("swh `dcRemove`", "where 3 dB are gone, theirs over ours", theirs / mine, 1.1, 3, "×",
                  why=f"theirs stands at {theirs:.1f} Hz at 48 kHz and cannot be set")
