//! The language of a recording (ISO 639).

use std::fmt;
use std::str::FromStr;

use super::CodeError;

/// The language that is sung or spoken: a code of two letters (ISO 639-1) or three (ISO 639-2 and 639-3).
///
/// What has a code of two letters is kept by it, whichever was given (`deu` and the library's `ger` are `de`). The
/// thousands of other codes of three letters are taken by their form alone. `zxx` means that there are no words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 3]);

/// Codes of two letters (ISO 639-1), each with the three of ISO 639-2/T.
const TWO: &str = "aa aar, ab abk, ae ave, af afr, ak aka, am amh, an arg, ar ara, as asm, av ava, ay aym, az aze, ba bak, \
    be bel, bg bul, bh bih, bi bis, bm bam, bn ben, bo bod, br bre, bs bos, ca cat, ce che, ch cha, co cos, \
    cr cre, cs ces, cu chu, cv chv, cy cym, da dan, de deu, dv div, dz dzo, ee ewe, el ell, en eng, eo epo, \
    es spa, et est, eu eus, fa fas, ff ful, fi fin, fj fij, fo fao, fr fra, fy fry, ga gle, gd gla, gl glg, \
    gn grn, gu guj, gv glv, ha hau, he heb, hi hin, ho hmo, hr hrv, ht hat, hu hun, hy hye, hz her, ia ina, \
    id ind, ie ile, ig ibo, ii iii, ik ipk, io ido, is isl, it ita, iu iku, ja jpn, jv jav, ka kat, kg kon, \
    ki kik, kj kua, kk kaz, kl kal, km khm, kn kan, ko kor, kr kau, ks kas, ku kur, kv kom, kw cor, ky kir, \
    la lat, lb ltz, lg lug, li lim, ln lin, lo lao, lt lit, lu lub, lv lav, mg mlg, mh mah, mi mri, mk mkd, \
    ml mal, mn mon, mr mar, ms msa, mt mlt, my mya, na nau, nb nob, nd nde, ne nep, ng ndo, nl nld, nn nno, \
    no nor, nr nbl, nv nav, ny nya, oc oci, oj oji, om orm, or ori, os oss, pa pan, pi pli, pl pol, ps pus, \
    pt por, qu que, rm roh, rn run, ro ron, ru rus, rw kin, sa san, sc srd, sd snd, se sme, sg sag, si sin, \
    sk slk, sl slv, sm smo, sn sna, so som, sq sqi, sr srp, ss ssw, st sot, su sun, sv swe, sw swa, ta tam, \
    te tel, tg tgk, th tha, ti tir, tk tuk, tl tgl, tn tsn, to ton, tr tur, ts tso, tt tat, tw twi, ty tah, \
    ug uig, uk ukr, ur urd, uz uzb, ve ven, vi vie, vo vol, wa wln, wo wol, xh xho, yi yid, yo yor, za zha, \
    zh zho, zu zul";

/// The librarians' codes that differ (ISO 639-2/B), with those of ISO 639-2/T.
const LIBRARY: &str = "alb sqi, arm hye, baq eus, bur mya, chi zho, cze ces, dut nld, fre fra, geo kat, ger deu, gre ell, ice isl, \
    mac mkd, mao mri, may msa, per fas, rum ron, slo slk, tib bod, wel cym";

/// Codes of countries that are taken for languages, with the language's own.
const COUNTRIES: &str =
    "us en, gb en, jp ja, cn zh, cz cs, dk da, gr el, ua uk, pt-br pt, en-us en, en-gb en, at de, mx es";

fn pairs(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.split(',').filter_map(|pair| pair.trim().split_once(' '))
}

impl Language {
    /// Words are absent: an instrumental (`zxx`).
    pub const NONE: Language = Language(*b"zxx");

    /// Reads a code, in either case.
    ///
    /// # Errors
    /// When it has another form, or two letters that stand for no language (a country's are told apart).
    pub fn parse(text: &str) -> Result<Language, CodeError> {
        let code = text.to_ascii_lowercase();
        let error =
            |problem: String, remedy: String| Err(CodeError::new("language", text, 0..text.len(), problem, remedy));
        if let Some((_, right)) = pairs(COUNTRIES).find(|(wrong, _)| *wrong == code) {
            return error("a country's code, not a language's".into(), format!("write `{right}`"));
        }
        let letters = code.bytes().all(|b| b.is_ascii_lowercase());
        let remedy =
            "write two or three letters of ISO 639, such as `en`, `ja` or `yue`, or `zxx` when there are no words";
        match (code.len(), letters) {
            (2, true) if pairs(TWO).any(|(two, _)| two == code) => {}
            (2, true) => return error("no language has that code".into(), remedy.into()),
            (3, true) => {}
            _ => return error("not two or three letters".into(), remedy.into()),
        }
        let terminology =
            pairs(LIBRARY).find(|(library, _)| *library == code).map_or(code.as_str(), |(_, three)| three);
        let short = pairs(TWO).find(|(_, three)| *three == terminology).map_or(terminology, |(two, _)| two);
        let mut kept = [0; 3];
        kept.iter_mut().zip(short.bytes()).for_each(|(slot, byte)| *slot = byte);
        Ok(Language(kept))
    }

    /// The shortest code: two letters where there are any.
    pub fn as_str(&self) -> &str {
        let end = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }

    /// The code of three letters (ISO 639-2/T), as ID3 asks for it.
    pub fn three(&self) -> &str {
        pairs(TWO).find(|(two, _)| *two == self.as_str()).map_or(self.as_str(), |(_, three)| three)
    }
}

impl FromStr for Language {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Language, CodeError> {
        Language::parse(text)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{LIBRARY, Language, TWO, pairs};

    #[test]
    fn codes_of_both_lengths_are_one_language() {
        assert_eq!((pairs(TWO).count(), pairs(LIBRARY).count()), (184, 20));
        for (text, short, three) in
            [("DE", "de", "deu"), ("ger", "de", "deu"), ("jpn", "ja", "jpn"), ("yue", "yue", "yue")]
        {
            let language = Language::parse(text).unwrap();
            assert_eq!((language.as_str(), language.three()), (short, three));
        }
        for (two, three) in pairs(TWO) {
            assert_eq!(Language::parse(two), Language::parse(three));
            assert_eq!(Language::parse(two).unwrap().three(), three);
        }
        assert_eq!(Language::parse("zxx"), Ok(Language::NONE));
    }

    #[test]
    fn countries_are_told_from_languages() {
        assert_eq!(
            Language::parse("jp").unwrap_err().to_string(),
            "language `jp`: a country's code, not a language's; write `ja`"
        );
        for text in ["", "xx", "e", "engl", "e1", "日本"] {
            assert!(Language::parse(text).is_err(), "{text}");
        }
    }
}
