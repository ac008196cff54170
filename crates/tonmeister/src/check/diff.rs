//! Two texts as the lines that went and came, as `diff -u` shows them.

use std::fmt::Write as _;

/// Lines around a change that stay and are shown.
const AROUND: usize = 3;

/// The unified difference; empty when there is none.
pub(crate) fn unified(name: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let steps = steps(&old, &new);
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = (at..steps.len()).find(|i| steps[*i].0 != ' ') {
        // Changes nearer than twice the lines around them stand in one piece.
        let mut last = first;
        while let Some(next) = (last + 1..steps.len().min(last + 2 + 2 * AROUND)).find(|i| steps[*i].0 != ' ') {
            last = next;
        }
        let (from, to) = (first.saturating_sub(AROUND).max(at), (last + 1 + AROUND).min(steps.len()));
        let before = |sign: char| steps[..from].iter().filter(|(s, _)| *s != sign).count();
        let within = |sign: char| steps[from..to].iter().filter(|(s, _)| *s != sign).count();
        if out.is_empty() {
            let _ = writeln!(out, "--- {name}\n+++ {name}");
        }
        let place = |before: usize, count: usize| format!("{},{count}", if count == 0 { before } else { before + 1 });
        let (gone, come) = (place(before('+'), within('+')), place(before('-'), within('-')));
        let _ = writeln!(out, "@@ -{gone} +{come} @@");
        for (sign, line) in &steps[from..to] {
            let text = line.strip_suffix('\n');
            let end = if text.is_some() { "" } else { "\n\\ No newline at end of file" };
            let _ = writeln!(out, "{sign}{}{end}", text.unwrap_or(line));
        }
        at = to;
    }
    out
}

/// Each line with what becomes of it: it stays (` `), goes (`-`) or comes (`+`).
///
/// Greedy, after E. Myers, An O(ND) Difference Algorithm, 1986; what is alike at both ends is taken off first.
fn steps<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(char, &'t str)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut all: Vec<(char, &str)> = old[..head].iter().map(|line| (' ', *line)).collect();
    all.extend(middle(a, b));
    all.extend(old[old.len() - tail..].iter().map(|line| (' ', *line)));
    all
}

fn middle<'t>(a: &[&'t str], b: &[&'t str]) -> Vec<(char, &'t str)> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let zero = n + m + 1;
    let at = |k: isize| (k + zero) as usize;
    let mut far = vec![0_isize; 2 * zero as usize + 1];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    'search: for d in 0..=n + m {
        trace.push(far.clone());
        for k in (-d..=d).step_by(2) {
            let down = k == -d || (k != d && far[at(k - 1)] < far[at(k + 1)]);
            let mut x = if down { far[at(k + 1)] } else { far[at(k - 1)] + 1 };
            while x < n && x - k < m && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            far[at(k)] = x;
            if x >= n && x - k >= m {
                break 'search;
            }
        }
    }
    let (mut x, mut y) = (n, m);
    let mut steps = Vec::new();
    for (d, far) in trace.iter().enumerate().rev() {
        let (d, k) = (d as isize, x - y);
        let down = k == -d || (k != d && far[at(k - 1)] < far[at(k + 1)]);
        let before = if down { k + 1 } else { k - 1 };
        let (px, py) = (far[at(before)], far[at(before)] - before);
        while x > px && y > py && x > 0 && y > 0 {
            (x, y) = (x - 1, y - 1);
            steps.push((' ', a[x as usize]));
        }
        if d > 0 && down {
            y -= 1;
            steps.push(('+', b[y as usize]));
        } else if d > 0 {
            x -= 1;
            steps.push(('-', a[x as usize]));
        }
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::{steps, unified};

    #[test]
    fn the_lines_that_went_and_came() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
        let new = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nx\nk\nl";
        let wanted = "--- song.toml\n+++ song.toml\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -8,5 +8,6 @@\n h\n i\n j\n+x\n k\n-l\n+l\n\\ No newline at end of file\n";
        assert_eq!(unified("song.toml", old, new), wanted);
        assert_eq!(unified("song.toml", old, old), "");
        assert!(unified("n", "", "a\n").contains("@@ -0,0 +1,1 @@\n+a\n"));
    }

    #[test]
    fn the_steps_rebuild_both_texts() {
        let mut state = 7_u32;
        let mut draw = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % n
        };
        for _ in 0..500 {
            let words = ["a\n", "b\n", "c\n"];
            let (n, m) = (draw(9), draw(9));
            let old: Vec<&str> = (0..n).map(|_| words[draw(3) as usize]).collect();
            let new: Vec<&str> = (0..m).map(|_| words[draw(3) as usize]).collect();
            let steps = steps(&old, &new);
            let kept = |other: char| steps.iter().filter(|s| s.0 != other).map(|s| s.1).collect::<Vec<_>>();
            assert_eq!((kept('+'), kept('-')), (old, new));
        }
    }
}
