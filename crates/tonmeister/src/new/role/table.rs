//! The words themselves. Each role's phrases stand in one text, separated by commas.

use super::Role;

/// Phrases that name an instrument. Words stand without their plural s.
pub(super) const CLEAR: &[(Role, &str)] = &[
    (Role::Kick, "kick, kik, kck, kik drum, kick drum, bass drum, bassdrum, bd, kd, 808 kick, bombo, grosse caisse"),
    (
        Role::Snare,
        "snare, snr, sn, sd, sidestick, side stick, rimshot, rim shot, rim, cross stick, xstick, clap, handclap, \
         snap, caja",
    ),
    (Role::Toms, "tom, floor tom, rack tom, tomtom, tom tom, rototom"),
    (
        Role::Cymbals,
        "hat, hihat, hi hat, high hat, hh, hhat, closed hat, open hat, ride, crash, cymbal, cym, cymb, splash, \
         china, ohh, chh, drum cymbal",
    ),
    (Role::Overheads, "overhead, oh, ovh, ohead, over head, drum overhead, drum oh"),
    (Role::Room, "drum room, kit room, room kit, room drum, drum rm"),
    (Role::Drums, "breakbeat, drum loop, drumloop, drum machine, beat loop, amen"),
    (
        Role::Percussion,
        "perc, percussion, shaker, shkr, tamb, tambo, tambourine, conga, bongo, djembe, cajon, cowbell, cow bell, \
         clave, woodblock, wood block, triangle, timbale, timpani, timp, tympani, cabasa, maraca, guiro, agogo, \
         tabla, taiko, gong, chime, windchime, castanet, cuica, darbuka, vibraslap, steel drum, steelpan, steel \
         pan, frame drum, hand drum, tubular bell",
    ),
    (
        Role::Bass,
        "bass, bs, ebass, bass guitar, bass gtr, bassline, bass line, contrabass, doublebass, double bass, \
         upright, upright bass, subbass, sub bass, reese, synth bass, bass synth, basso, moog bass, bass di, bass \
         amp",
    ),
    (
        Role::Guitar,
        "guitar, gtr, gt, git, gitarre, guit, guitarra, guitare, egtr, agtr, elgtr, acgtr, aco gtr, acoustic, \
         strat, tele, lespaul, les paul, banjo, ukulele, uke, mandolin, dobro, lap steel, pedal steel, lead \
         guitar, rhythm guitar, lead gtr, rhythm gtr, sitar, bouzouki, powerchord, power chord, nylon",
    ),
    (
        Role::Keys,
        "key, keyboard, keyb, kbd, piano, pno, epiano, e piano, rhode, wurli, wurlitzer, wurly, organ, org, \
         hammond, b3, b 3, clav, clavinet, harpsichord, celesta, celeste, harp, vibe, vibraphone, marimba, \
         xylophone, glockenspiel, glock, accordion, mellotron, klavier, orgel, grand, music box, dulcimer",
    ),
    (
        Role::Strings,
        "string, str, violin, vln, viola, vla, cello, vc, vlc, violoncello, fiddle, pizzicato, pizz, quartet, \
         string quartet, orchestra, orch, streicher",
    ),
    (
        Role::Winds,
        "brass, horn, french horn, trumpet, tpt, trp, trombone, tbn, tuba, flugelhorn, sax, saxophone, alto sax, \
         tenor sax, bari sax, flute, clarinet, oboe, bassoon, piccolo, woodwind, wind, harmonica, whistle, \
         recorder",
    ),
    (Role::Pad, "pad, synth pad, synpad, soundscape, drone, atmo pad"),
    (
        Role::Synth,
        "synth, syn, syn lead, synth lead, arp, arpeggio, arpeggiator, sequence, pluck, supersaw, square lead, \
         saw lead, moog, juno, jupiter, prophet, minilogue, dx7, acid, stab, chiptune",
    ),
    (
        Role::Vocals,
        "vocal, vox, voc, vx, voice, lead vocal, lead vox, lead voc, lead vx, ld vox, ld voc, ldv, lv, main \
         vocal, main vox, singer, sing, rap, vocoder, gesang, adlib, ad lib, talkbox, spoken, acapella, \
         acappella, a cappella",
    ),
    (
        Role::Backing,
        "bv, bgv, bvox, bkv, bvoc, backing vocal, backing vox, backing voc, backup vocal, backup vox, back vox, \
         back vocal, bg vocal, bg vox, bg voc, bk vox, bk vocal, background vocal, background vox, choir, gang \
         vocal, group vocal, ooh, aah, chant, coro",
    ),
    (Role::Fx, "vocal fx, vox fx, riser, uplifter, downlifter, whoosh, braam, foley"),
];

/// Phrases that name an instrument only when nothing clearer stands beside them.
pub(super) const VAGUE: &[(Role, &str)] = &[
    (Role::Toms, "ft"),
    (Role::Cymbals, "top"),
    (Role::Drums, "drum, drm, dr, kit, drumkit, drum kit, beat, break, loop, schlagzeug"),
    (Role::Room, "room, rm"),
    (Role::Bass, "sub, 808, low"),
    (Role::Guitar, "rhythm, riff, solo, steel, slide"),
    (Role::Keys, "ep, bell, chord"),
    (Role::Synth, "lead, ld, hook, melody, seq, saw, poly, 303"),
    (
        Role::Backing,
        "backing, backup, background, bg, harmony, harmonie, harm, double, dbl, gang, soprano, alto, tenor",
    ),
    (
        Role::Fx,
        "fx, sfx, efx, effect, impact, sweep, noise, scratch, sample, ambience, ambiance, ambient, atmo, \
         atmosphere, reverse, vinyl, transition, fill, verb, reverb, delay, misc",
    ),
];

/// The kit named as a whole.
pub(super) const WHOLE_KIT: &str = "drum, drumkit, kit, drm";

/// Words beside an instrument's name that name none: places, microphones, sides. They help to take words apart.
pub(super) const BESIDE: &str = "in, out, inside, outside, bottom, btm, bot, up, down, close, far, left, right, l, r, mono, stereo, mic, \
    amp, di, cab, clean, dist, crunch, dry, wet, high, hi, mid, soft, hard, open, closed, floor, rack, trig, \
    trigger, elec, electric, e, a, el, aco";

/// Words by which a file says that it is a version of the whole song.
pub(super) const WHOLE_SONG: &str =
    "mix, mixdown, master, mastered, mastering, bounce, premaster, premix, 2mix, 2track, instrumental";

/// What says that a file is there to play against.
pub(super) const REFERENCE: &str = "reference, ref, referenz";

/// What says that a file only counts.
pub(super) const CLICK: &str = "click, metronome, clicktrack";

/// The phrases of one such text.
pub(super) fn phrases(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(", ")
}
