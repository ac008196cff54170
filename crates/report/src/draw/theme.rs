//! Colors: one set of roles, worn dark, light, or as the variables of a page that knows both.

/// The color of everything that is drawn, by what it is for. Values are SVG paints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Behind a whole picture.
    pub ground: &'static str,
    /// Behind a field.
    pub field: &'static str,
    /// Lines of the grid.
    pub grid: &'static str,
    /// The line of zero, and other lines to hold on to.
    pub zero: &'static str,
    /// Numbers along an axis, captions.
    pub quiet: &'static str,
    /// What a legend says.
    pub legend: &'static str,
    /// Titles.
    pub text: &'static str,
    /// What goes in, where what comes out is colored; what is only there to compare with.
    pub before: &'static str,
    /// Curves that stand beside one another, told apart by color-blind readers (after Okabe and Ito).
    pub series: [&'static str; 6],
    /// A grave fault. Never alone: a shape and a word go with it.
    pub error: &'static str,
    /// Something to look at.
    pub warning: &'static str,
    /// Something worth knowing.
    pub note: &'static str,
}

/// A dark room.
pub const DARK: Theme = Theme {
    ground: "#15171c",
    field: "#1b1e25",
    grid: "#2b3039",
    zero: "#4a515e",
    quiet: "#9aa0ab",
    legend: "#c9ccd3",
    text: "#f2efe8",
    before: "#7d8594",
    series: ["#56B4E9", "#E69F00", "#00C08B", "#E08FC0", "#F0E442", "#B8A9F5"],
    error: "#FF7A45",
    warning: "#F0C244",
    note: "#7FB7E6",
};

/// Paper.
pub const LIGHT: Theme = Theme {
    ground: "#ffffff",
    field: "#f6f5f1",
    grid: "#e2e0da",
    zero: "#a9a69d",
    quiet: "#5d5f66",
    legend: "#3b3d44",
    text: "#17181c",
    before: "#8b8e96",
    series: ["#0072B2", "#B86B00", "#00805E", "#A8437F", "#7A6F00", "#5B4BB5"],
    error: "#C2410C",
    warning: "#8A5A00",
    note: "#1F6FB2",
};

/// Whatever the page around it wears: [`Theme::variables`] gives each its value.
pub const PAGE: Theme = Theme {
    ground: "var(--ground)",
    field: "var(--field)",
    grid: "var(--grid)",
    zero: "var(--zero)",
    quiet: "var(--quiet)",
    legend: "var(--legend)",
    text: "var(--text)",
    before: "var(--before)",
    series: ["var(--s0)", "var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)", "var(--s5)"],
    error: "var(--error)",
    warning: "var(--warning)",
    note: "var(--note)",
};

/// A role, for what is drawn before its theme is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// One of several curves; from the seventh on, colors begin again.
    Series(usize),
    /// What is only there to compare with.
    Before,
    /// Numbers and captions.
    Quiet,
    /// Titles.
    Text,
    /// A grave fault.
    Error,
    /// Something to look at.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Theme {
    /// The paint of a role.
    pub fn ink(&self, ink: Ink) -> &'static str {
        match ink {
            Ink::Series(n) => self.series[n % self.series.len()],
            Ink::Before => self.before,
            Ink::Quiet => self.quiet,
            Ink::Text => self.text,
            Ink::Error => self.error,
            Ink::Warning => self.warning,
            Ink::Note => self.note,
        }
    }

    fn roles(&self) -> Vec<&'static str> {
        let plain = [self.ground, self.field, self.grid, self.zero, self.quiet, self.legend, self.text, self.before];
        plain.into_iter().chain(self.series).chain([self.error, self.warning, self.note]).collect()
    }

    /// These colors as declarations of the variables that [`PAGE`] uses: `--ground:#15171c;…`.
    pub fn variables(&self) -> String {
        let name = |paint: &'static str| paint.trim_start_matches("var(").trim_end_matches(')');
        let each = PAGE.roles().into_iter().zip(self.roles());
        each.flat_map(|(variable, paint)| [name(variable), ":", paint, ";"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DARK, LIGHT, Theme};

    /// Relative luminance (WCAG 2.2).
    fn luminance(paint: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&paint[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn what_is_read_stands_out_from_its_ground() {
        // WCAG 2.2: 4.5 for text (measured: 5.9 at the least), 3 for curves and marks (4.2).
        for theme in [DARK, LIGHT] {
            let Theme { ground, field, .. } = theme;
            for ground in [ground, field] {
                for text in [theme.quiet, theme.legend, theme.text, theme.error, theme.warning, theme.note] {
                    assert!(contrast(text, ground) >= 4.5, "{text} on {ground}: {:.1}", contrast(text, ground));
                }
                for curve in theme.series {
                    assert!(contrast(curve, ground) >= 3.0, "{curve} on {ground}: {:.1}", contrast(curve, ground));
                }
            }
        }
    }
}
