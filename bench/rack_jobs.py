"""What `bench/rack` measures: every effect of the rack, its settings, and who else does the same job.

Settings are alike as far as the peer has them; where it has no such setting, it stands at its default. A peer that is
cheaper than ours must say why: `why` is printed beside it, and a cheaper peer without one fails the run.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """One other program or plug-in: `kind` says how it is run, `what` is its filter, board or effect."""

    kind: str
    name: str
    what: str
    why: str = ""
    # A source is measured without an input.
    source: bool = False


@dataclass(frozen=True)
class Job:
    """One job: an effect with settings, and the peers. `heard` names the input, one of `bench/rack`'s."""

    effect: str
    name: str
    settings: str
    peers: tuple
    heard: str = "music"
    # Whether several in a row cost as much each as one alone: not for what works on levels.
    chains: bool = True
    # Why every peer that is cheaper is cheaper, where one reason holds for all.
    why: str = ""

    @property
    def key(self):
        return f"{self.effect}, {self.name}"


def _lv2(uri, controls):
    graph = "lv2=p=" + uri.replace(":", "\\\\:")
    return graph + (":c=" + controls.replace(" ", "|") if controls else "")


def calf(plugin, controls="", why=""):
    return Peer("lv2", f"Calf {plugin}", _lv2(f"http://calf.sourceforge.net/plugins/{plugin}", controls), why)


def lsp(plugin, controls="", why="", name=None):
    return Peer("lv2", f"LSP {name or plugin.removesuffix('_stereo')}", _lv2(f"http://lsp-plug.in/plugins/lv2/{plugin}", controls), why)


def x42(plugin, controls="", why="", name=None):
    return Peer("lv2", f"x42 {name or plugin.split('#')[0]}", _lv2(f"http://gareus.org/oss/lv2/{plugin}", controls), why)


def mda(plugin, controls="", why=""):
    return Peer("lv2", f"MDA {plugin}", _lv2(f"http://drobilla.net/plugins/mda/{plugin}", controls), why)


def lv2(name, uri, controls="", why=""):
    return Peer("lv2", name, _lv2(uri, controls), why)


def ladspa(name, file, plugin, controls="", why=""):
    """A LADSPA plug-in; controls are values in order."""
    given = "".join(f"|c{n}={value}" for n, value in enumerate(controls.split()))
    return Peer("ladspa", name, f"ladspa=file={file}:plugin={plugin}" + (f":controls={given[1:]}" if given else ""), why)


def ffmpeg(graph, why="", name=None, source=False):
    return Peer("ffmpeg", "ffmpeg " + (name or "`" + graph.split("=")[0].split(",")[0] + "`"), graph, why, source)


def hosted_by_sox(name, file, plugin, controls="", why=""):
    """A LADSPA plug-in with controls in parts of the sample rate, which ffmpeg cannot set."""
    return Peer("sox", name, f"ladspa -r {file} {plugin} {controls}", why)


def sox(effects, why="", name=None, source=False):
    return Peer("sox", f"sox `{name or effects.split()[0]}`", effects, why, source)


def pedalboard(board, why=""):
    return Peer("pedalboard", "pedalboard `" + board.split("(")[0] + "`", board, why)


TEN = ("31", "63", "125", "250", "500", "1k", "2k", "4k", "8k", "16k")
TEN_HZ = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
THIRTY_ONE = ("20 25 31 40 50 63 80 100 125 160 200 250 315 400 500 630 800 1k 1k25 1k6 2k 2k5 3k15 4k 5k 6k3 8k 10k 12k5 16k "
              "20k").split()
THIRTY_ONE_HZ = (20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500,
                 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000, 20000)


def zigzag(n):
    return 4 if n % 2 == 0 else -4


def linear(db):
    return f"{10 ** (db / 20):.5f}"


UNHEARD = ("Nobody was found who does the same. (The Dragonfly reverbs want a host that gives them LV2 options; neither ffmpeg nor lv2bench does, so "
           "they are not in the table.)")
# The effects for which nobody was found who does the job.
ALONE = {
    "deplosive": "no package was found that mends plosives; a fixed high-pass, which some offer for them, thins every note and is in "
                 "the table as part of the equalizer",
    "breath": "no package was found that tells breaths from words",
    "distance": "no package was found that sets level, air and first reflections together from one distance",
}

BANDS = "highpass=f=80,bass=g=2:f=120,equalizer=f=250:t=q:w=1:g=-4,equalizer=f=1500:t=q:w=1:g=3,equalizer=f=6000:t=q:w=1:g=2"
SOX_BANDS = "highpass 80 bass 2 120 equalizer 250 1q -4 equalizer 1500 1q 3 equalizer 6000 1q 2"
LSP_BANDS = ("ft_0=2 f_0=80 s_0=0 ft_1=5 f_1=120 g_1=1.259 ft_2=1 f_2=250 g_2=0.631 ft_3=1 f_3=1500 g_3=1.413 ft_4=1 f_4=6000 "
             "g_4=1.259")
FIL4_BANDS = ("HighPass=1 HPfreq=80 LSsec=1 LSfreq=120 LSgain=2 sec1=1 freq1=250 gain1=-4 q1=1 sec2=1 freq2=1500 gain2=3 q2=1 sec3=1 "
              "freq3=6000 gain3=2 q3=1 sec4=0 HSsec=0")

EQUALIZERS = (
    Job("eq", "high-pass, low shelf, three bells",
        "highpass/hz=80 low_shelves/1/hz=120 low_shelves/1/gain_db=2 bells/1/hz=250 bells/1/gain_db=-4 bells/2/hz=1500"
        " bells/2/gain_db=3 bells/3/hz=6000 bells/3/gain_db=2",
        (pedalboard("HighpassFilter(80), LowShelfFilter(120, 2), PeakFilter(250, -4, 1), PeakFilter(1500, 3, 1),"
                    " PeakFilter(6000, 2, 1)"),
         ffmpeg(BANDS, name="`highpass`, `bass`, `equalizer` × 3"),
         sox(SOX_BANDS, name="highpass bass equalizer × 3"),
         x42("fil4#stereo", FIL4_BANDS),
         lsp("para_equalizer_x16_stereo", LSP_BANDS),
         lv2("EQ10Q eq6q", "http://eq10q.sourceforge.net/eq/eq6qs",
             "filter1_enable=1 filter1_type=6 filter1_freq=80 filter2_enable=1 filter2_type=9 filter2_freq=120 filter2_gain=2"
             " filter3_enable=1 filter3_freq=250 filter3_gain=-4 filter4_enable=1 filter4_freq=1500 filter4_gain=3"
             " filter5_enable=1 filter5_freq=6000 filter5_gain=2"),
         hosted_by_sox("swh triplePara", "triple_para_1204", "triplePara", "2 120 0.5 -4 250 1 3 1500 1 2 6000 1 0 8000 0.5"),
         ladspa("TAP equalizer/bw", "tap_eqbw", "tap_equalizer_bw", "2 -4 0 3 0 2 0 0"))),
    Job("graphic", "ten bands, 4 dB up and down in turn",
        " ".join(f"gain_{band}_db={zigzag(n)}" for n, band in enumerate(TEN)),
        (ffmpeg(",".join(f"equalizer=f={hz}:t=q:w=1.41:g={zigzag(n)}" for n, hz in enumerate(TEN_HZ)), name="`equalizer` × 10"),
         ffmpeg("superequalizer=" + ":".join(f"{n}b={linear(zigzag(n))}" for n in range(1, 19)), name="`superequalizer` (18 bands)"),
         sox(" ".join(f"equalizer {hz} 1.41q {zigzag(n)}" for n, hz in enumerate(TEN_HZ)), name="equalizer × 10"),
         lsp("graph_equalizer_x16_stereo", " ".join(f"g_{n}={linear(zigzag(n))}" for n in range(16))),
         ladspa("CAPS Eq10X2", "caps", "Eq10X2", " ".join(str(zigzag(n)) for n in range(10))),
         ladspa("swh mbeq (15 bands)", "mbeq_1197", "mbeq", " ".join(str(zigzag(n)) for n in range(15)))),
        why="its bands stand where they stand: it misses faders by what neighbors add, ours goes through every one within 0.05 dB"),
    Job("graphic_31", "thirty-one bands, 4 dB up and down in turn",
        " ".join(f"gain_{band}_db={zigzag(n)}" for n, band in enumerate(THIRTY_ONE)),
        (ffmpeg(",".join(f"equalizer=f={hz}:t=q:w=4.3:g={zigzag(n)}" for n, hz in enumerate(THIRTY_ONE_HZ)), name="`equalizer` × 31"),
         sox(" ".join(f"equalizer {hz} 4.3q {zigzag(n)}" for n, hz in enumerate(THIRTY_ONE_HZ)), name="equalizer × 31"),
         lsp("graph_equalizer_x32_stereo", " ".join(f"g_{n}={linear(zigzag(n))}" for n in range(32))),
         ladspa("ZamGEQ31", "ZamGEQ31-ladspa", "ZamGEQ31", "0 " + " ".join(str(zigzag(n)) for n in range(29))))),
    Job("baxandall", "bass and treble", "bass_db=4 treble_db=3",
        (ffmpeg("bass=g=4:f=100,treble=g=3:f=5000", name="`bass`, `treble`"), sox("bass 4 100 treble 3 5000", name="bass treble"),
         pedalboard("LowShelfFilter(100, 4), HighShelfFilter(5000, 3)"),
         ladspa("DPF 3BandEQ", "3BandEQ-ladspa", "3BandEQ", "4 0 3 0 250 2000"),
         ladspa("swh dj_eq", "dj_eq_1901", "dj_eq", "4 0 3"),
         ladspa("CAPS ToneStack", "caps", "ToneStack", "0 0.7 0.5 0.7")),
        why="two plain shelves or one-poles, cramped toward half the rate (2.3 to 3 dB off at 8 and 12 kHz); ours is the circuit of 1952 within 0.04 dB to 20 kHz, and its knobs move in every frame"),
    Job("semi_parametric", "high-pass and four bands", "highpass/hz=80 low_db=2 low_mid_db=-4 high_mid_db=3 high_db=2",
        (ffmpeg("highpass=f=80,bass=g=2:f=100,equalizer=f=350:t=q:w=1:g=-4,equalizer=f=2500:t=q:w=1:g=3,treble=g=2:f=10000",
                name="five filters"),
         sox("highpass 80 bass 2 100 equalizer 350 1q -4 equalizer 2500 1q 3 treble 2 10000", name="five effects"),
         x42("fil4#stereo", "HighPass=1 HPfreq=80 LSfreq=100 LSgain=2 freq1=350 gain1=-4 sec2=0 freq3=2500 gain3=3 sec4=0 HSfreq=10000"
             " HSgain=2"),
         ladspa("CAPS Eq4p", "caps", "Eq4p", "0 100 0.25 2 1 350 0.5 -4 1 2500 0.5 3 2 10000 0.25 2"))),
    Job("linear_eq", "high-pass, low shelf, three bells, linear phase",
        "highpass/hz=80 low_shelves/1/hz=120 low_shelves/1/gain_db=2 bells/1/hz=250 bells/1/gain_db=-4 bells/2/hz=1500"
        " bells/2/gain_db=3 bells/3/hz=6000 bells/3/gain_db=2",
        (ffmpeg("firequalizer=gain_entry='entry(20,-20);entry(80,-3);entry(250,-4);entry(1500,3);entry(6000,2);entry(15000,0)':delay=0.085",
                name="`firequalizer` (8191 taps)"),
         ffmpeg("superequalizer=" + ":".join(f"{n}b={linear(zigzag(n))}" for n in range(1, 19)), name="`superequalizer` (18 bands)"),
         lsp("para_equalizer_x16_stereo", "mode=1 " + LSP_BANDS, name="para_equalizer_x16, FIR"),
         lsp("para_equalizer_x16_stereo", "mode=2 " + LSP_BANDS, name="para_equalizer_x16, FFT")),
        why="a curve drawn in straight lines between points, or eighteen fixed bands; ours holds every bell and shelf of the equalizer within 0.0001 dB, and has a kernel as long as that takes"),
    Job("dynamic_eq", "one bell, 3:1", "bells/1/hz=1000 bells/1/ratio=3 bells/1/threshold_db=-36",
        (ffmpeg("adynamicequalizer=dfrequency=1000:tfrequency=1000:threshold=2:ratio=3"),), chains=False,
        why="its detector is a band-pass and a rectifier; ours takes the analytic envelope, whose ripple does not lie on the gain"),
)

DYNAMICS = (
    Job("compressor", "4:1, peak", "",
        (pedalboard("Compressor(-18, 4, 10, 100)"),
         ffmpeg("acompressor=threshold=0.125:ratio=4:attack=10:release=100:knee=2:detection=peak"),
         sox("compand 0.01,0.1 6:-70,-70,-18,-18,0,-13.5"),
         lsp("compressor_stereo", "scm=0 at=10 al=0.126 kn=0.5"),
         calf("Compressor", "ratio=4 attack=10 release=100 knee=2 detection=1"),
         ladspa("swh sc4", "sc4_1882", "sc4", "1 10 100 -18 4 3 0"),
         x42("darc#stereo", "threshold=-18 Ratio=0.75 attack=0.01 release=0.1"),
         lv2("EQ10Q compressor", "http://eq10q.sourceforge.net/compressor_stereo", "threshold=-18 attack=10 decay=100 compratio=4"),
         lv2("Invada compressor", "http://invadarecords.com/plugins/lv2/compressor/stereo",
             "rms=0 attack=0.01 release=0.1 threshold=-18 ratio=4"),
         ladspa("CAPS CompressX2", "caps", "CompressX2", "0 0 0.5 0.5 0.5 0.5 0"),
         ladspa("TAP dynamics", "tap_dynamics_st", "tap_dynamics_st", "10 100 0 0 1 5")), chains=False,
        why="it leaves out the knee, the link of both sides or the second stage of the release that ours has"),
    Job("compressor", "4:1, RMS", "detector=rms",
        (ffmpeg("acompressor=threshold=0.125:ratio=4:attack=10:release=100:knee=2:detection=rms"),
         lsp("compressor_stereo", "scm=1 at=10 al=0.126 kn=0.5"),
         calf("Compressor", "ratio=4 attack=10 release=100 knee=2 detection=0"),
         ladspa("swh sc4", "sc4_1882", "sc4", "0 10 100 -18 4 3 0")), chains=False,
        why="it takes the mean power by a one-pole, whose ripple lies on the gain; ours by two windows in a row, whose ripple lies at −97 dB"),
    Job("expander", "2:1", "",
        (ffmpeg("agate=threshold=0.01:ratio=2:attack=1:release=150"),
         lsp("expander_stereo", "em=0 al=0.01 er=2 at=1 rt=150"),
         calf("Gate", "threshold=0.01 ratio=2 attack=1 release=150")), chains=False,
        why="it follows the rectified wave, whose ripple lies on the gain; ours takes the analytic envelope, which has none (ours by peaks alone: next row)"),
    Job("expander", "2:1, by peaks alone", "detector=peak", (ffmpeg("agate=threshold=0.01:ratio=2:attack=1:release=150:detection=peak"),), chains=False,
        why="it computes a gain only where the level lies below the threshold, by one branching filter; ours has two stages and a look at both sides"),
    Job("upward_compressor", "2:1", "",
        (ffmpeg("acompressor=mode=upward:threshold=0.0316:ratio=2:attack=10:release=150"),
         lsp("compressor_stereo", "cm=1 al=0.0316 cr=2 at=10 rt=150")), chains=False,
        why="it follows the rectified wave, whose ripple lies on the gain; ours takes the analytic envelope, which has none"),
    Job("gate", "closing at −40 dB", "",
        (pedalboard("NoiseGate(-40, 10, 2, 120)"), ffmpeg("agate=threshold=0.01:ratio=9000:range=0.0001:attack=2:release=120"),
         lsp("gate_stereo", "gt=0.01 gr=0.0001 at=2 rt=120"), calf("Gate", "threshold=0.01 ratio=20 range=0.0001 attack=2 release=120"),
         hosted_by_sox("swh gate", "gate_1410", "gate", "33.6 23520 -40 2 30 120 -80 0"),
         lv2("EQ10Q gate", "http://eq10q.sourceforge.net/gate_stereo", "threshold=-40 attack=2 hold=30 decay=120 gaterange=-80"),
         ladspa("CAPS Noisegate", "caps", "Noisegate", "-40 2 -44 0")), chains=False,
        why="it follows the rectified wave, whose ripple lies on the gain; ours takes the analytic envelope, which has none (ours by peaks alone: next row)"),
    Job("gate", "the same by peaks alone", "detector=peak",
        (pedalboard("NoiseGate(-40, 10, 2, 120)"), ffmpeg("agate=threshold=0.01:ratio=9000:range=0.0001:attack=2:release=120"),
         hosted_by_sox("swh gate", "gate_1410", "gate", "33.6 23520 -40 2 30 120 -80 0"), ladspa("CAPS Noisegate", "caps", "Noisegate", "-40 2 -44 0")),
        chains=False,
        why="its gain is one branching one-pole; ours goes along a half-cosine, so that nothing clicks"),
    Job("transient_shaper", "6 dB of attack, 3 dB less sustain", "attack_db=6 sustain_db=-3",
        (calf("TransientDesigner", "attack_boost=0.5 release_boost=-0.3"),
         ladspa("swh transient", "transient_1206", "transient", "0.5 -0.3"), mda("Transient", "attack=0.75 release=0.4")), chains=False,
        why="its followers go after amplitudes: sounds 20 dB softer are shaped otherwise by 10 dB (swh) and 2.8 dB (MDA), here by less than 0.1 dB"),
    Job("limiter", "true peak, driven 12 dB", "gain_db=12",
        (ffmpeg("aresample=192000,alimiter=level_in=4:limit=0.891:level=0,aresample=48000", name="`alimiter` at 4 × the rate"),
         x42("dpl#stereo", "gain=12 threshold=-1 truepeak=1 release=0.12", name="dpl, true peak"),
         lsp("limiter_stereo", "g_in=4 th=0.891 alr=0 boost=0 ovs=16", name="limiter, 4 × the rate"),
         calf("Limiter", "level_in=4 limit=0.891 oversampling=4 auto_level=0 asc=0")), chains=False,
        why="it looks at four times the rate and lets true peaks pass the ceiling by 0.08 to 2.5 dB (0.002 dB here)"),
    Job("limiter", "the same, peers that look at samples only", "gain_db=12",
        (pedalboard("Gain(12), Limiter(-1, 120)"), ffmpeg("alimiter=level_in=4:limit=0.891:level=0"),
         x42("dpl#stereo", "gain=12 threshold=-1 release=0.12"), lsp("limiter_stereo", "g_in=4 th=0.891 alr=0 boost=0 ovs=0"),
         ladspa("ZaMaximX2", "ZaMaximX2-ladspa", "ZaMaximX2", "100 -1 -13"),
         ladspa("swh fastLookaheadLimiter", "fast_lookahead_limiter_1913", "fastLookaheadLimiter", "12 -1 0.12"),
         ladspa("TAP limiter", "tap_limiter", "tap_limiter", "-13 12")), chains=False,
        why="it looks at samples, not between them: true peaks pass the ceiling by 1.1 to 3 dB, ours by 0.002 dB"),
    Job("clipper", "driven 6 dB", "gain_db=6 knee_percent=0",
        (ffmpeg("volume=6dB,asoftclip=type=hard:oversample=4", name="`asoftclip=hard`, oversampled 4 ×"),
         pedalboard("Gain(6), Clipping(-0.3)"), ladspa("swh hardLimiter", "hard_limiter_1413", "hardLimiter", "-6.3 1 0")),
        chains=False,
        why="it cuts samples at the stream’s own rate: the highest alias of 5 kHz driven 12 dB lies at −33 dB, ours below −100 dB"),
    Job("multiband", "three bands at 120 Hz and 2 kHz",
        "crossovers/1/hz=120 crossovers/2/hz=2000 bands/1/ratio=3 bands/2/ratio=3 bands/3/ratio=3",
        (ffmpeg("mcompand=args='0.005\\,0.1 6 -47/-40\\,-34/-34\\,-17/-33 120 | 0.003\\,0.05 6 -47/-40\\,-34/-34\\,-17/-33 2000 | "
                "0.001\\,0.025 6 -47/-40\\,-34/-34\\,-15/-33 22000'"),
         lsp("mb_compressor_stereo", "cbe_2=1 sf_2=120 cbe_4=0 cbe_6=1 sf_6=2000 cr_0=3 cr_2=3 cr_6=3 al_0=0.063 al_2=0.063 al_6=0.063"),
         calf("MultibandCompressor", "freq0=120 freq1=2000 bypass0=0 bypass1=0 bypass2=0 bypass3=0 ratio0=3 ratio1=3 ratio2=3 threshold0=0.063"
              " threshold1=0.063 threshold2=0.063 threshold3=0.063"),
         ladspa("ZaMultiCompX2", "ZaMultiCompX2-ladspa", "ZaMultiCompX2",
                "10 10 10 120 120 120 6 6 6 3 3 3 -24 -24 -24 0 0 0 120 2000 1 1 1 0 0 0 1 0"),
         mda("MultiBand")), chains=False,
        why="its bands part gently and do not add up to the input, or it follows the rectified wave; ours are Linkwitz–Riley bands of 24 dB per octave whose sum is flat within 4·10⁻⁷ dB, and follow the analytic envelope"),
    Job("deesser", "split", "",
        (ffmpeg("deesser"), calf("Deesser", "mode=1 threshold=0.1", "it has no look-ahead (ours: 4 ms) and follows the rectified band; ours takes the analytic envelope of the band and of the whole"), ladspa("TAP deesser", "tap_deesser", "tap_deesser", "-30 5500 0 0"),
         mda("DeEss")), chains=False,
        why="it answers to how loud the sibilant is, and some of them turn down everything: of a tone of 7 kHz that is 20 dB softer MDA takes nothing, ffmpeg 14 dB less, TAP 46 dB less, and TAP as much of 300 Hz; ours takes 6.6 dB of both and nothing of 300 Hz"),
    Job("rider", "to −20 LUFS", "",
        (ffmpeg("dynaudnorm=f=400:g=3"), ffmpeg("speechnorm=e=3:r=0.0001:f=0.0001"),
         ladspa("vlevel", "vlevel-ladspa", "vlevel_stereo", "0.3 0.75 1 10 0")), chains=False,
        why="it goes by peaks or by the power of each stretch; ours weighs by K and stands still in pauses"),
)

SPACE = (
    Job("delay", "350 ms, filtered in its loop", "highpass/hz=120 lowpass/hz=6000",
        (calf("VintageDelay", "timing=1 ms=350 feedback=0.35 medium=1"), mda("Delay"),
         ladspa("swh lcrDelay", "lcr_delay_1436", "lcrDelay", "350 50 350 0 350 50 35 50 50 50 1"),
         ladspa("ZamDelay", "ZamDelay-ladspa", "ZamDelay", "0 350 0 6000 3 0 1 0.35"),
         lsp("slap_delay_stereo", "dm0=1 dt0=350 eq0=1 lfc0=1 flc0=120 hfc0=1 fhc0=6000")),
        why="it repeats whole samples, through one-poles, and its times cannot move; ours reads between samples with 32 taps and crossfades or glides"),
    Job("delay", "350 ms, feedback 35 %, no filters", "",
        (pedalboard("Delay(0.35, 0.35, 1.0)"), ffmpeg("aecho=1:1:350:0.35"), sox("echo 1 1 350 0.35"),
         ladspa("TAP stereo echo", "tap_echo", "tap_stereo_echo", "350 35 350 35 0 0 -70 0 0 0")),
        why="it repeats whole samples at times that cannot move; ours reads between samples with 32 taps and crossfades or glides"),
    Job("reverb", "a room", "",
        (pedalboard("Reverb(0.5, 0.5, 1.0, 0.0)"), sox("reverb 50 50 100 100 15"), calf("Reverb", "decay_time=1.8 predelay=15"),
         ladspa("DPF MVerb", "MVerb-ladspa", "MVerb", "50 50 50 50 10 75 100 100 50"),
         mda("Ambience"), ladspa("TAP reverb", "tap_reverb", "tap_reverb", "1800 -70 0 1 1 1 1 0"),
         ladspa("guitarix freeverb", "guitarix_freeverb", "guitarix_freeverb", "0.5 0.5 1")),
        why="combs and all-passes of fixed lengths, one damping each, so that the decay is another one at every place of the spectrum (TAP: 1.2 s where 2 were written, Calf: 7.2 s); ours has 16 modulated lines, early reflections, and a decay per octave within 5 %"),
    Job("reverb", "a plate", "kind=plate",
        (ladspa("CAPS PlateX2", "caps", "PlateX2", "0.75 0.5 0.5 1"),),
        why="Dattorro’s plate, with one damping; ours has 16 modulated lines and a decay per octave within 5 %"),
    Job("reverb", "a hall", "kind=hall",
        (ladspa("zita-reverb", "zita-reverbs", "zita-reverb", "0.04 250 2 1.8 4000 160 0 2500 0 1"),),
        why="eight lines and three bands of decay, no early reflections; ours has 16 modulated lines, early reflections and a decay in every octave"),
    Job("convolution", "a stereo recording of 3 s", "ir=@{ir}",
        (pedalboard("Convolution('{ir_wav}', 1.0)", "it is given blocks of 8192 frames here and takes partitions as long; ours is given 256"), ffmpeg("amovie={ir_wav}[ir];[in][ir]afir[out]", name="`afir`"),
         Peer("fconvolver", "fconvolver", "")),
        why="it waits for whole partitions (ffmpeg 8192 frames, fconvolver 1024) before it answers; ours answers at once"),
    Job("distance", "", "", ()),
)

MODULATION = (
    Job("tremolo", "5 Hz", "", (ffmpeg("tremolo=f=5:d=0.5"), sox("tremolo 5 50"), ladspa("TAP tremolo", "tap_tremolo", "tap_tremolo", "5 50 0")),
        why="its wave is a table that is read through once for each turn, and its controls jump from block to block; ours is computed in every frame and moves smoothly"),
    Job("auto_pan", "0.5 Hz", "",
        (ffmpeg("apulsator=hz=0.5:amount=0.7"), calf("Pulsator", "timing=3 hz=0.5 amount=0.7"),
         ladspa("TAP autopan", "tap_autopan", "tap_autopan", "0.5 70 0"), ladspa("DPF PingPongPan", "PingPongPan-ladspa", "PingPongPan", "10 70")),
        why="its gains add up to one, so that the middle is 3 dB softer than the sides (ffmpeg), and its controls jump from block to block; ours holds the power within 10⁻⁶ dB"),
    Job("vibrato", "5 Hz", "", (ffmpeg("vibrato=f=5:d=0.3"), ladspa("TAP vibrato", "tap_vibrato", "tap_vibrato", "5 2 -90 0")),
        why="it draws straight lines between samples: a tone of 10 kHz sways by 2.0 dB (ffmpeg), 0.37 dB (TAP), here by 0.02 dB, with 32 taps"),
    Job("chorus", "two voices", "",
        (pedalboard("Chorus(0.5, 0.4, 8, 0, 0.5)"), ffmpeg("chorus=0.7:0.9:8|10:0.5|0.5:0.5|0.5:4|4", name="`chorus`, two voices"),
         sox("chorus 0.7 0.9 20 0.5 0.5 4 -s 22 0.5 0.5 4 -s", name="chorus, two voices"),
         calf("MultiChorus", "voices=2 min_delay=8 mod_depth=4 mod_rate=0.5"),
         ladspa("TAP chorus", "tap_chorusflanger", "tap_chorusflanger", "0.5 90 50 8 20 -3 -3"),
         ladspa("CAPS ChorusI (one voice)", "caps", "ChorusI", "8 4 0.5 0.5 0.5 0"),
         ladspa("swh multivoiceChorus", "multivoice_chorus_1201", "multivoiceChorus", "3 10 1 1 2 0")),
        why="it draws straight lines between samples, or takes whole ones: a tone of 10 kHz sways by 1.9 dB (pedalboard), 1.1 dB (Calf), 1.4 dB (TAP), 3.2 dB (CAPS), 4.7 dB (sox), here by 0.01 dB, with 32 taps for each voice"),
    Job("ensemble", "three voices", "",
        (calf("MultiChorus", "voices=3 min_delay=3 mod_depth=3 mod_rate=0.6"),
         ffmpeg("chorus=0.7:0.9:8|10|12:0.3|0.3|0.3:0.6|0.6|0.6:3|3|3", name="`chorus`, three voices"),
         sox("chorus 0.7 0.9 20 0.3 0.6 3 -s 22 0.3 0.6 3 -s 24 0.3 0.6 3 -s", name="chorus, three voices")),
        why="it draws straight lines between samples, or takes whole ones (sway of a tone of 10 kHz: Calf 1.1 dB, sox 4.7 dB, ours below 0.1 dB), and has one wave where ours has two"),
    Job("flanger", "0.2 Hz, feedback 40 %", "",
        (ffmpeg("flanger=delay=0.3:depth=3:regen=40:speed=0.2"), sox("flanger 0.3 3 40 71 0.2"),
         calf("Flanger", "min_delay=0.3 mod_depth=3 mod_rate=0.2 feedback=0.4"), mda("ThruZero"),
         ladspa("swh flanger", "flanger_1191", "flanger", "0.3 3 0.2 0.4"), ladspa("swh djFlanger", "dj_flanger_1438", "djFlanger", "0 5 3 40")),
        why="it draws straight lines or parabolas between samples (Calf: a tone of 10 kHz sways by 1.0 dB); ours has 32 taps, once for the sound and once for the loop"),
    Job("phaser", "four stages (pedalboard: six), 0.3 Hz", "",
        (pedalboard("Phaser(0.3, 0.5, 800, 0.3, 0.5)"), ffmpeg("aphaser=speed=0.3:decay=0.3:delay=3"), sox("phaser 0.8 0.74 3 0.3 0.3 -s"),
         calf("Phaser", "stages=4 mod_rate=0.3 feedback=0.3"), ladspa("swh lfoPhaser", "phasers_1217", "lfoPhaser", "0.3 0.5 0.3 1"),
         ladspa("CAPS PhaserII", "caps", "PhaserII", "0.3 0 0.75 0.75 0.3"),
         lv2("Invada phaser", "http://invadarecords.com/plugins/lv2/phaser/stereo", "cycle=3")),
        why="it is a modulated delay and no row of all-passes (ffmpeg, sox), or renews its all-passes once in a block or in 32 frames, and has a sample of delay in its loop; ours renews them in every frame and solves the loop"),
    Job("rotary", "slow", "",
        (calf("RotarySpeaker", "vib_speed=0"), ladspa("TAP rotary speaker", "tap_rotspeak", "tap_rotspeak", "0.7 0.8 60 0.5"), mda("Leslie"),
         x42("b_whirl#simple", "rt_speed=4", name="b_whirl (mono in)")),
        why="two moving delays read by straight lines and a sway of gain (TAP: a tone of 10 kHz sways otherwise by 1.9 dB); ours reads the path of each rotor to each microphone with 32 taps, −75 dB from the formula"),
)

COLOR = (
    Job("saturator", "tape, 6 dB, eight times the rate", "drive_db=6",
        (ffmpeg("volume=6dB,asoftclip=type=tanh:oversample=8", name="`asoftclip=tanh`, oversampled 8 ×"),
         lv2("Invada tube", "http://invadarecords.com/plugins/lv2/tube/stereo", "drive=6 mix=100"), calf("Saturator", "drive=3"),
         ladspa("TAP tubewarmth", "tap_tubewarmth", "tap_tubewarmth", "3 -10"), ladspa("ZamTube", "ZamTube-ladspa", "ZamTube", "3 5 5 5 0 0 0"),
         ladspa("CAPS Saturate", "caps", "Saturate", "1 6 0"), ladspa("swh valve", "valve_1209", "valve", "0.5 0.5"),
         ladspa("TAP sigmoid", "tap_sigmoid", "tap_sigmoid", "6 0"), pedalboard("Distortion(6)"), sox("overdrive 6 0"), mda("Overdrive")),
        why="it bends samples at the stream’s own rate or at little more: the highest alias of a tone of 5 kHz lies at −23 to −74 dB (docs/against.md), ours at −116 dB"),
    Job("saturator", "tube, 6 dB", "kind=tube drive_db=6", ()),
    Job("saturator", "transformer, 6 dB", "kind=transformer drive_db=6", ()),
    Job("saturator", "console, 6 dB", "kind=console drive_db=6", ()),
    Job("bitcrusher", "8 bits, 12 kHz", "",
        (pedalboard("Bitcrush(8), Resample(12000, Resample.Quality.ZeroOrderHold)"), ffmpeg("acrusher=bits=8:samples=4:mode=lin:aa=0"),
         calf("Crusher", "bits=8 samples=4 anti_aliasing=0 morph=0"), hosted_by_sox("swh decimator", "decimator_1202", "decimator", "8 12000"),
         mda("Degrade")),
        why="it holds whole samples, so that steps fall on frames and their aliases with them; ours puts each step between frames where it belongs, as a band-limited edge (ours with raw steps: next row)"),
    Job("bitcrusher", "8 bits, 12 kHz, raw steps", "steps=raw", ()),
    Job("tape", "15 ips", "", (calf("TapeSimulator"),),
        why="a curve at the stream’s own rate (aliases at −32 dB) and filters; ours solves the hysteresis of Jiles and Atherton at eight times the rate"),
    Job("exciter", "3.5 kHz", "", (ffmpeg("aexciter=freq=3500"), calf("Exciter", "freq=3500"),
                                   ladspa("CAPS SpiceX2 (bass too)", "caps", "SpiceX2", "100 0 0 -60 3500 0.25 0",
                                          "driven fully, the highest alias of a tone of 5 kHz lies at −76 dB, ours at −125 dB")),
        why="it bends samples at the stream’s own rate or at little more: the highest alias of a tone of 5 kHz lies at −39 dB (ffmpeg), −46 dB (Calf), ours at −125 dB"),
    Job("bass_enhancer", "100 Hz", "",
        (ffmpeg("virtualbass=cutoff=100"), calf("BassEnhancer", "freq=100"),
         ladspa("CAPS SpiceX2 (treble too)", "caps", "SpiceX2", "100 0.5 0.25 0 3500 0 -60")),
        why="its harmonics follow the level: of a bass 20 dB softer they lie 19 dB (CAPS) or 12 dB (Calf) farther below it, and ffmpeg makes none of a tone on both sides; ours keep their distance"),
)

STEREO = (
    Job("mid_side", "encode", "",
        (ffmpeg("stereotools=mode=lr>ms"), ladspa("swh matrixStMS", "matrix_st_ms_1420", "matrixStMS"),
         lv2("EQ10Q matrix", "http://eq10q.sourceforge.net/matrix_lr2ms"), sox("remix 1v0.5,2v0.5 1v0.5,2v-0.5")),
        why="its gains stand still; ours may move in every frame"),
    Job("stereo_width", "150 %", "width_percent=150",
        (ffmpeg("extrastereo=m=1.5:c=0"), ffmpeg("stereotools=slev=1.5"), calf("StereoTools", "slev=1.5"), mda("Image"),
         ladspa("swh matrixSpatialiser", "matrix_spatialiser_1422", "matrixSpatialiser", "100"),
         ladspa("CAPS Narrower", "caps", "Narrower", "0 0.25")),
        why="its gains stand still or jump from block to block; ours may move in every frame"),
    Job("mono_maker", "below 120 Hz, 24 dB per octave", "",
        (ffmpeg("stereotools=mode=lr>ms,highpass=f=120:c=FR,highpass=f=120:c=FR,allpass=f=120:c=FL,stereotools=mode=ms>lr",
                name="M/S, `highpass` × 2 and `allpass`"),)),
    Job("rotation", "20°", "angle_degrees=20",
        (ffmpeg("pan=stereo|c0=0.94*c0-0.342*c1|c1=0.342*c0+0.94*c1", name="`pan`"), sox("remix -m 1v0.94,2v-0.342 1v0.342,2v0.94"),
         calf("StereoTools", "mpan=0.3")),
        why="its gains stand still; ours may move in every frame"),
    Job("decorrelator", "50 %", "",
        (ffmpeg("adecorrelate"), ffmpeg("stereowiden"), calf("MultiSpread", "", "it sends narrow bands to the left and to the right in turn; ours makes both sides differ in every band. (The mono sum stays with both.)"), mda("Stereo")),
        why="delays or all-passes that change the mono sum (what is left of it in a null: ffmpeg `adecorrelate` +3 dB, `stereowiden` −5 dB, MDA −18 dB); ours leaves it as it was, to −149 dB"),
    Job("balance_corrector", "by level", "",
        (ffmpeg("dynaudnorm=f=500:g=31:n=0", name="`dynaudnorm`, each side alone"),), chains=False,
        why="one gain for each half second of each side; ours measures the balance in every frame and moves slowly"),
    Job("haas", "15 ms", "",
        (ffmpeg("haas=left_delay=0:right_delay=15"), ffmpeg("adelay=0|15"), calf("HaasEnhancer", "s_delay1=0 s_delay2=10"),
         ladspa("TAP stereo echo", "tap_echo", "tap_stereo_echo", "15 0 15 0 0 0 0 0 1 0"), sox("delay 0 0.015")),
        why="whole samples at a gain that stands still; ours may move in every frame"),
)

REPAIR = (
    Job("declick", "music with 100 clicks a second", "", (ffmpeg("adeclick"),), "clicks", chains=False,
        why="it repairs with an order and a window of its own and looks once; ours looks for clicks in two passes by the residual of a longer model"),
    Job("declip", "music clipped at −14 dBFS", "", (ffmpeg("adeclip"),), "clipped", chains=False,
        why="an autoregressive guess; ours looks for the sparsest spectrum that fits the peaks, in structured neighborhoods, many times over each frame (draft: next row)"),
    Job("declip", "the same, draft", "quality=draft", (ffmpeg("adeclip"),), "clipped", chains=False,
        why="an autoregressive guess; ours looks for the sparsest spectrum that fits the peaks"),
    Job("denoise", "music with hiss at −50 dBFS", "",
        (ffmpeg("afftdn=nr=18:nf=-50"), ffmpeg("afftdn=nr=18:tn=1", name="`afftdn`, noise tracked"), Peer("host", "ffmpeg `anlmdn` (5.1)", "anlmdn"), ffmpeg("afwtdn"),
         sox("noisered {profile} 0.3")), "hiss", chains=False,
        why="it subtracts one fixed or learned floor; ours tracks the noise in every band and takes the log-spectral estimate with its speech presence"),
    Job("dehum", "music with a hum of 50 Hz and 23 harmonics", "",
        (ffmpeg(",".join(f"bandreject=f={50 * n}:t=h:w=2" for n in range(1, 25)), name="`bandreject` × 24"),
         sox(" ".join(f"bandreject {50 * n} 2h" for n in range(1, 25)), name="bandreject × 24")), "hum", chains=False,
        why="notches that stand at fixed frequencies and take the music under them; ours follows the mains, and takes away what is steady at each harmonic alone"),
    Job("phase_rotation", "200 Hz, two turns", "",
        (ffmpeg("allpass=f=200,allpass=f=200", name="`allpass` × 2"), sox("allpass 200 0.7q allpass 200 0.7q", name="allpass × 2"),
         x42("phaserotate#stereo", "angleL=90 angleR=90", name="phaserotate (a Hilbert transform)")),
        why="two filters that stand still; ours may move"),
    Job("deplosive", "", "", ()),
    Job("breath", "", "", ()),
)

UTILITY = (
    Job("gain", "−6 dB", "gain_db=-6",
        (pedalboard("Gain(-6)"), ffmpeg("volume=-6dB"), sox("vol -6dB"), ladspa("LADSPA SDK amp", "amp", "amp_stereo", "0.5")),
        why="its gain stands still or jumps from block to block; ours, mute and polarity may move in every frame"),
    Job("channels", "swap", "route=swap",
        (ffmpeg("channelmap=1|0"), sox("remix 2 1"), x42("stereoroute", "routing=1"), x42("balance", "monoswap=3")),
        why="its routes stand still; ours cross-fade in every frame, with a gain and a delay for each side"),
    Job("dc_blocker", "5 Hz", "",
        (ffmpeg("highpass=f=5:p=1", name="`highpass`, one pole"), sox("highpass -1 5", name="highpass -1"),
         ladspa("swh dcRemove", "dc_remove_1207", "dcRemove")),
        why="one pole in 32 bits, or a filter that stands still; ours computes in 64 bits and its corner may move in every frame"),
    Job("test_signal", "sine", "",
        (ffmpeg("sine=r=48000,aformat=channel_layouts=stereo", name="`sine`", source=True), sox("synth sine 1000 sine 1000", source=True),
         mda("TestTone", "mode=0.3")),
        why="a table, or one side copied to the other; ours computes the tone of each frame from a phase that never drifts"),
    Job("test_signal", "pink noise", "signal=pink",
        (ffmpeg("anoisesrc=r=48000:c=pink,aformat=channel_layouts=stereo", name="`anoisesrc` (one side, copied)", source=True),
         sox("synth pinknoise pinknoise", source=True), ladspa("TAP pink noise", "tap_pinknoise", "tap_pinknoise", "0.5 -90 0")),
        why="one noise for both sides, or coarser noise"),
    Job("meter", "loudness, true peak, correlation", "",
        (ffmpeg("ebur128=peak=true"), x42("meters#EBUr128", name="EBUr128 (no true peak)"), x42("meters#dBTPstereo", name="dBTP (true peak alone)")),
        why="it measures loudness without true peak, or true peak without loudness; ours has both, and correlation"),
)

SHELVES = (("Equalizers", EQUALIZERS), ("Dynamics", DYNAMICS), ("Space", SPACE), ("Modulation", MODULATION), ("Color", COLOR),
           ("Stereo", STEREO), ("Repair", REPAIR), ("Utility", UTILITY))
