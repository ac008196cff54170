//! The album's cover, drawn by the program: the last light over the water, a mole, a ferry, and three tracks across.

use std::fmt::Write;

use tonmeister_report::draw;

use super::TITLE;
use super::instruments::arithmetic::{cosine, sine};
use crate::chance::Random;

/// Pixels of a side.
const SIDE: f64 = 3000.0;
/// Where the water begins.
const HORIZON: f64 = 1660.0;

/// The picture: a square of 3000 pixels, as shops ask for.
pub(super) fn png() -> Result<Vec<u8>, String> {
    draw::png(&svg(), 1.0).map_err(|e| e.to_string())
}

fn svg() -> String {
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" font-family="Inter">
<defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#0e1a33"/><stop offset="0.38" stop-color="#2c3e68"/><stop offset="0.62" stop-color="#8a5f7d"/><stop offset="0.82" stop-color="#e08a67"/><stop offset="1" stop-color="#ffd08a"/></linearGradient>
<linearGradient id="sea" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#d98a63"/><stop offset="0.1" stop-color="#7d5572"/><stop offset="0.42" stop-color="#27375c"/><stop offset="1" stop-color="#0a1224"/></linearGradient>
<radialGradient id="glow" cx="0.5" cy="0.5" r="0.5"><stop offset="0" stop-color="#fff3cf" stop-opacity="0.95"/><stop offset="0.3" stop-color="#ffd894" stop-opacity="0.55"/><stop offset="1" stop-color="#ff9a5a" stop-opacity="0"/></radialGradient>
<linearGradient id="path" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#ffe2a6" stop-opacity="0.9"/><stop offset="1" stop-color="#ffb56b" stop-opacity="0"/></linearGradient>
</defs>
<rect width="{SIDE}" height="{HORIZON}" fill="url(#sky)"/>
<rect y="{HORIZON}" width="{SIDE}" height="{}" fill="url(#sea)"/>"##,
        SIDE - HORIZON
    );
    stars(&mut out);
    let (sun_x, sun_y) = (1940.0, HORIZON - 60.0);
    let _ = write!(out, r#"<circle cx="{sun_x}" cy="{sun_y}" r="900" fill="url(#glow)"/>"#);
    // Half of the sun has gone.
    let _ = write!(
        out,
        r##"<path d="M{} {HORIZON}A190 190 0 0 1 {} {HORIZON}z" fill="#fff6dc"/>"##,
        sun_x - 180.0,
        sun_x + 180.0
    );
    hills(&mut out);
    glitter(&mut out, sun_x);
    waves(&mut out);
    ferry(&mut out);
    mole(&mut out);
    let _ = write!(
        out,
        r##"<text x="250" y="520" fill="#fff4e0" font-size="236" font-weight="600" letter-spacing="-4">{TITLE}</text>
<text x="262" y="650" fill="#ffe3bd" font-size="84" letter-spacing="22" opacity="0.85">TONMEISTER</text></svg>"##
    );
    out
}

/// The first stars, fewer where it is still light.
fn stars(out: &mut String) {
    let mut chance = Random::new(7);
    for _ in 0..150 {
        let (x, y) = (chance.unit() * SIDE, chance.unit() * chance.unit() * 1100.0);
        let (r, light) = (1.5 + 3.0 * chance.unit() * chance.unit(), (1.0 - y / 1100.0) * (0.25 + 0.6 * chance.unit()));
        let _ = write!(out, r##"<circle cx="{x:.1}" cy="{y:.1}" r="{r:.1}" fill="#fff" opacity="{light:.2}"/>"##);
    }
}

/// The far shore, in two tones of haze.
fn hills(out: &mut String) {
    for (color, height, wave, turn) in [("#6d5068", 150.0, 900.0, 0.1), ("#4a3f5f", 95.0, 560.0, 0.55)] {
        let _ = write!(out, r#"<path fill="{color}" d="M0 {HORIZON}"#);
        for i in 0..=150 {
            let x = f64::from(i) * 20.0;
            let rise =
                0.5 + 0.32 * sine(x / wave + turn) + 0.14 * sine(x / (wave * 0.37) + 0.3) + 0.04 * cosine(x / 130.0);
            // The hills end where the sun goes down.
            let open = 1.0 - 0.96 * (1.0 / (1.0 + (x - 1940.0) * (x - 1940.0) / 260_000.0));
            let _ = write!(out, "L{x:.0} {:.1}", HORIZON - height * rise * open);
        }
        let _ = write!(out, r#"L{SIDE} {HORIZON}z"/>"#);
    }
}

/// The sun's path on the water: strokes that widen and thin out towards us.
fn glitter(out: &mut String, sun_x: f64) {
    let mut chance = Random::new(11);
    for i in 0..240 {
        let near = (f64::from(i) + chance.unit()) / 240.0;
        let y = HORIZON + 8.0 + near * near * 1150.0;
        let spread = 120.0 + 520.0 * near;
        let x = sun_x + chance.human() * 0.5 * spread;
        let length = (26.0 + 190.0 * near) * (0.4 + chance.unit());
        let light = (1.0 - near) * (0.25 + 0.6 * chance.unit());
        let _ = write!(
            out,
            r##"<rect x="{:.1}" y="{y:.1}" width="{length:.1}" height="{:.1}" rx="4" fill="#ffe6b0" opacity="{light:.2}"/>"##,
            x - length / 2.0,
            3.0 + 9.0 * near
        );
    }
}

/// Three tracks across the water, one for each song: a calm one, one that hardly moves, one with edges.
fn waves(out: &mut String) {
    let tracks: [(f64, f64, f64, &str, bool); 3] = [
        (2140.0, 46.0, 430.0, "#ffcf8f", false),
        (2390.0, 20.0, 900.0, "#e9a7a0", false),
        (2640.0, 58.0, 190.0, "#8fb7e8", true),
    ];
    for (n, (y, height, wave, color, edged)) in tracks.into_iter().enumerate() {
        for line in 0..9 {
            let off = f64::from(line) * 13.0;
            let fade = 0.78 - 0.08 * f64::from(line);
            let _ = write!(
                out,
                r#"<path fill="none" stroke="{color}" stroke-width="{:.1}" stroke-linejoin="round" opacity="{fade:.2}" d=""#,
                6.0 - 0.5 * f64::from(line)
            );
            for i in 0..=600 {
                let x = f64::from(i) * 5.0;
                let swell = 0.45 + 0.55 * sine(x / 2600.0 + 0.2 * n as f64);
                let turn = x / wave + 0.035 * f64::from(line);
                let shape = if edged {
                    // A triangle, folded: as near to a machine as a pen comes.
                    let t = turn - turn as i64 as f64;
                    (4.0 * t - 2.0).abs() - 1.0
                } else {
                    sine(turn) + 0.22 * sine(2.0 * turn + 0.1)
                };
                let _ = write!(out, "{}{x:.0} {:.1}", if i == 0 { 'M' } else { 'L' }, y + off + height * swell * shape);
            }
            let _ = write!(out, r#""/>"#);
        }
    }
}

/// The ferry, on its way home, its windows lit.
fn ferry(out: &mut String) {
    let (x, y) = (760.0, HORIZON + 118.0);
    let _ = write!(
        out,
        r##"<g transform="translate({x} {y})"><path d="M0 -96L640 -96L588 0L58 0z" fill="#141b30"/><path d="M12 -84L630 -84L627 -74L16 -74z" fill="#e7b489"/><path d="M70 -96L70 -184L512 -184L548 -96z" fill="#1d2642"/><path d="M128 -184L128 -252L404 -252L436 -184z" fill="#151d35"/><path d="M262 -252L274 -346L330 -346L336 -252z" fill="#10172b"/><path d="M272 -330L332 -330L333 -312L270 -312z" fill="#d5705a"/><path d="M150 -252V-420M150 -404L262 -346M430 -184V-330" stroke="#10172b" stroke-width="7" fill="none"/>"##
    );
    for i in 0..10 {
        let _ = write!(out, r##"<rect x="{}" y="-158" width="26" height="30" rx="5" fill="#ffdf9e"/>"##, 94 + i * 42);
    }
    for i in 0..6 {
        let _ = write!(out, r##"<rect x="{}" y="-234" width="30" height="26" rx="5" fill="#ffe9bd"/>"##, 146 + i * 43);
    }
    // Its light on the water, and the water it leaves behind.
    let _ = write!(
        out,
        r##"<rect x="60" y="6" width="530" height="150" fill="url(#path)" opacity="0.12"/><path d="M58 0L588 0L560 14L90 14z" fill="#0b1122"/><path d="M-320 26Q-150 2 40 6M-420 54Q-180 22 60 18" stroke="#f3c9a4" stroke-width="5" fill="none" opacity="0.5"/></g>"##
    );
}

/// The mole that the last song is called after, with its light.
fn mole(out: &mut String) {
    let mut chance = Random::new(23);
    let _ = write!(
        out,
        r##"<path d="M2330 1706L3000 1668L3000 1850L2300 1756z" fill="#0d1426"/><path d="M2362 1706L2376 1500L2428 1500L2442 1706z" fill="#141d36"/><rect x="2366" y="1452" width="72" height="50" rx="8" fill="#ffe9b8"/><path d="M2352 1452L2402 1410L2452 1452z" fill="#10172b"/><circle cx="2402" cy="1477" r="230" fill="url(#glow)" opacity="0.6"/><path d="M2366 1590L2438 1582L2441 1620L2364 1630z" fill="#c8644f"/>"##
    );
    for _ in 0..60 {
        let x = 2310.0 + 690.0 * chance.unit();
        let y = 1752.0 + (x - 2310.0) * 0.12 + 26.0 * chance.signed();
        let (r, shade) =
            (18.0 + 30.0 * chance.unit(), ["#0b1122", "#10182c", "#182238"][(chance.unit() * 3.0) as usize % 3]);
        let _ = write!(out, r#"<ellipse cx="{x:.0}" cy="{y:.0}" rx="{r:.0}" ry="{:.0}" fill="{shade}"/>"#, r * 0.6);
    }
}
