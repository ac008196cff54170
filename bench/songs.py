"""The peers' jobs as songs of ours, made from the peers' own description of the mix (`mix.json`).

Every peer does the same work in J2: a high-pass, a low shelf at 120 Hz, bells at 400 and 2500 Hz (Q 1), a high shelf
at 9 kHz, a compressor (10 ms, 120 ms, knee 2 dB, 3 dB of make-up), fader and pan, sends to a reverb and to a delay of
375 ms, and a compressor on the mix. J1 is faders and pans alone.
"""

import json
import math
from pathlib import Path


def toml(value):
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return repr(value)


def table(header, **values):
    """One table and its values."""
    return f"\n[{header}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in values.items())


def song(title, rate, length_s=None):
    values = {"title": title, "sample_rate_hz": rate, "pan_law_db": -3.0}
    if length_s is not None:
        values["length_s"] = length_s
    return table("song", **values).lstrip()


def place(track):
    """Fader and pan that give exactly the peers' gains `gl` and `gr`, so that the mixes can be subtracted.

    Mono goes by the sine and the cosine of the -3 dB law. Of a stereo file the peers turn the far side down in a
    straight line; our balance follows the law's own taper, so the same gain stands at another position.
    """
    left, right = track["gl"], track["gr"]
    if track["stereo"]:
        near, far = max(left, right), min(left, right)
        aside = 1 - 4 / math.pi * math.asin(far / near / math.sqrt(2))
        return {"fader_db": 20 * math.log10(near), "pan": math.copysign(aside, right - left)}
    pan = 4 / math.pi * math.atan2(right, left) - 1
    return {"fader_db": 20 * math.log10(math.hypot(left, right)), "pan": pan}


def rich_effects():
    """What a strip of a finished mix often has besides: a gate, a transient shaper, a saturator, a de-esser."""
    return (
        table("[track.insert]", effect="gate", threshold_db=-60.0)
        + table("[track.insert]", effect="transient_shaper", attack_db=2.0)
        + table("[track.insert]", effect="saturator", drive_db=6.0)
        + table("[track.insert]", effect="deesser")
    )


def strip_effects(track):
    """The inserts and sends of a J2 strip."""
    return (
        table(
            "[track.insert]",
            effect="eq",
            highpass={"hz": float(track["hpf"]), "slope_db_oct": 12},
            low_shelves=[{"hz": 120.0, "gain_db": float(track["ls"])}],
            bells=[
                {"hz": 400.0, "gain_db": float(track["p1"]), "q": 1.0},
                {"hz": 2500.0, "gain_db": float(track["p2"]), "q": 1.0},
            ],
            high_shelves=[{"hz": 9000.0, "gain_db": float(track["hs"])}],
        )
        + table(
            "[track.insert]",
            effect="compressor",
            threshold_db=float(track["thr"]),
            ratio=float(track["ratio"]),
            attack_ms=10.0,
            release_ms=120.0,
            knee_db=2.0,
            makeup_db=3.0,
        )
        + table("[track.send]", to="reverb", level_db=float(track["rev"]))
        + table("[track.send]", to="delay", level_db=float(track["dly"]))
    )


def buses():
    """J2's returns and the compressor on its mix."""
    return (
        table("[bus]", id="reverb")
        + table("[bus.insert]", effect="reverb", kind="plate", decay_s=2.0, mix_percent=100.0)
        + table("[bus]", id="delay")
        + table("[bus.insert]", effect="delay", time_ms=375.0, feedback_percent=50.0, mix_percent=100.0)
        + table(
            "[master.insert]",
            effect="compressor",
            threshold_db=-12.0,
            ratio=2.0,
            attack_ms=20.0,
            release_ms=200.0,
            knee_db=2.0,
            makeup_db=3.0,
        )
    )


def rides(fader_db, seconds):
    """A fader that never rests: a ride of a decibel and a half, four points a bar or so."""
    points = []
    for step in range(int(seconds * 2) + 1):
        points.append([step / 2, round(fader_db + 1.5 * math.sin(step * 0.9), 2), "s"])
    points[0] = points[0][:2]
    return table("[track.automation]", target="fader_db", points=points)


def mixdown(tracks, effects, length_s, automated=False, rich=False):
    """J1, or with effects J2; automated, every fader moves all the time; rich, every strip has four inserts more."""
    text = song("J2" if effects else "J1", 48000, length_s)
    for track in tracks:
        text += table("[track]", id=track["name"], audio=track["file"], **place(track))
        text += rich_effects() if rich else ""
        text += strip_effects(track) if effects else ""
        text += rides(place(track)["fader_db"], length_s) if automated else ""
    return text + (buses() if effects else "")


def of_stems(stems, rate, rich=False):
    """A song of any stems, each with a whole strip (rich: with four inserts more), and two versions that complete each other:
    the last stem alone, and the mix without it."""
    text = song("stems", rate)
    for stem in stems:
        strip = {"hpf": 30, "ls": 1.0, "p1": -2.0, "p2": 1.5, "hs": 1.0, "thr": -24, "ratio": 3, "rev": -18, "dly": -24}
        text += table("[track]", id=stem.stem, audio=str(stem), trim_db=-6.0)
        text += (rich_effects() if rich else "") + strip_effects(strip)
    last = stems[-1].stem
    versions = table("[version]", id="without", mute=[last]) + table("[version]", id="alone", solo=[last])
    return text + buses() + versions


def mastering_inserts(where):
    """J3: what the peers do to the mix before the limiter."""
    return (
        table(
            where,
            effect="eq",
            low_shelves=[{"hz": 80.0, "gain_db": 1.5}],
            bells=[{"hz": 300.0, "gain_db": -1.5, "q": 1.0}, {"hz": 3000.0, "gain_db": 1.0, "q": 0.8}],
            high_shelves=[{"hz": 10000.0, "gain_db": 2.0}],
        )
        + table(where, effect="compressor", threshold_db=-20.0, ratio=2.0, attack_ms=30.0, release_ms=200.0, makeup_db=6.0)
        + table(where, effect="stereo_width", width_percent=115.0)
    )


def mastering(source, rate):
    """J3 as a song of one track, to be mastered."""
    return song("J3", rate) + table("[track]", id="mix", audio=str(source)) + mastering_inserts("[master.insert]")


def release(source):
    """J3 as an album of one song."""
    head = table("album", title="J3", artist="Nobody", loudness_lufs=-14.0, ceiling_dbtp=-1.0).lstrip()
    chain = mastering_inserts("[chain.insert]")
    return head + chain + table("[song]", audio=str(source)) + table("[deliver]", format="wav", depth="24")


def conversion(source):
    """J5: one stereo file at 96 kHz in a song at 44.1 kHz."""
    return song("J5", 44100) + table("[track]", id="source", audio=str(source))


def repeated(tracks, count, seconds, each_s, effects):
    """A song of so many tracks and so long, made of the same files again and again."""
    text = song(f"{count} tracks", 48000, float(seconds))
    for number in range(count):
        track = tracks[number % len(tracks)]
        text += table("[track]", id=f"t{number + 1}", trim_db=-6.0, **place(track))
        # Clips stand between a track's own values and its inserts.
        for start in range(0, seconds, each_s):
            clip = {"audio": track["file"], "start_s": float(start)}
            text += table("[track.clip]", **clip)
        text += strip_effects(track) if effects else ""
    return text + (buses() if effects else "")


def mix_of_the_peers(bench):
    """The peers' description of the mix."""
    with open(bench / "peers" / "mix.json", encoding="utf-8") as f:
        return json.load(f)


def write(folder, name, text):
    """Writes a song and returns its path."""
    path = Path(folder) / name / "song.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
