//! Plots as SVG: lines over something that is counted.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 6] = ["#0969da", "#cf222e", "#1a7f37", "#8250df", "#57606a", "#bf8700"];

/// One line of a plot.
#[derive(Debug)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// What is counted along the plot, and the figure.
    pub points: Vec<(f64, f64)>,
}

/// How both axes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Each step is as many times more: for what goes from few to very many.
    Logarithmic,
    /// From zero: a line that rises is one that grows.
    Linear,
}

/// Draws lines over `along`; `title` says what the vertical axis is.
pub fn draw(title: &str, along: &str, scale: Scale, lines: &[Line]) -> String {
    let all: Vec<(f64, f64)> = lines.iter().flat_map(|line| line.points.iter().copied()).collect();
    let x = Axis::over(scale, all.iter().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let y = Axis::over(scale, all.iter().map(|point| point.1), HEIGHT - BOTTOM, TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">{title}</text>\n"
    );
    for (value, at) in x.marks() {
        let (top, bottom) = (TOP, HEIGHT - BOTTOM);
        svg += &format!("<path d=\"M{at:.1} {top}V{bottom}\" stroke=\"#d0d7de\"/>\n");
        svg += &format!("<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value}</text>\n", bottom + 18.0);
    }
    for (value, at) in y.marks() {
        svg += &format!("<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#d0d7de\"/>\n", WIDTH - RIGHT);
        svg += &format!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>\n", LEFT - 6.0, at + 4.0);
    }
    svg += &format!("<text x=\"{:.1}\" y=\"{:.1}\">{along}</text>\n", LEFT, HEIGHT - 12.0);
    for (number, line) in lines.iter().enumerate() {
        line.draw(&mut svg, COLOURS[number % COLOURS.len()], number, &x, &y);
    }
    svg + "</svg>\n"
}

impl Line {
    fn draw(&self, svg: &mut String, colour: &str, number: usize, x: &Axis, y: &Axis) {
        let mut path = String::new();
        for (place, (at_x, at_y)) in self.points.iter().enumerate() {
            let (at_x, at_y) = (x.place(*at_x), y.place(*at_y));
            // Writing to a string cannot fail.
            let _ = write!(path, "{}{at_x:.1} {at_y:.1}", if place == 0 { "M" } else { "L" });
            *svg += &format!("<circle cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"3\" fill=\"{colour}\"/>\n");
        }
        *svg += &format!("<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
        let (at_x, at_y) = (WIDTH - RIGHT + 12.0, TOP + 18.0 * number as f64 + 8.0);
        *svg += &format!("<text x=\"{at_x:.1}\" y=\"{at_y:.1}\" fill=\"{colour}\">{}</text>\n", self.name);
    }
}

/// An axis from one place to another.
struct Axis {
    scale: Scale,
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(scale: Scale, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (least, most) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0f64), |(least, most), value| (least.min(value), most.max(value)));
        let least = match scale {
            Scale::Linear => 0.0,
            Scale::Logarithmic if least.is_finite() => least * 0.9,
            Scale::Logarithmic => 1.0,
        };
        Self { scale, least, most: (most * 1.1).max(least * 1.5).max(f64::MIN_POSITIVE), from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => value / self.most,
            Scale::Logarithmic => log(value.max(self.least) / self.least) / log(self.most / self.least),
        };
        self.from + (self.to - self.from) * share
    }

    /// Round numbers within it.
    fn marks(&self) -> Vec<(f64, f64)> {
        if self.scale == Scale::Linear {
            return self.even_marks();
        }
        let decades = [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];
        let all = decades.into_iter().flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * decade));
        let within = all.filter(|value| (self.least..=self.most).contains(value));
        within.map(|value| (value, self.place(value))).collect()
    }

    /// Round numbers, each as far from the next.
    fn even_marks(&self) -> Vec<(f64, f64)> {
        let decades = [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];
        let mut steps = decades.into_iter().flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * decade));
        let step = steps.find(|step| self.most / step <= 10.0).unwrap_or(self.most);
        let marks = (0..=10).map(|number| f64::from(number) * step).filter(|value| *value <= self.most);
        // 0.30000000000000004 is not what anybody wants to read.
        marks.map(|value| ((value * 100.0).round() / 100.0, self.place(value))).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "where a point is drawn depends on no platform's last bit")]
fn log(value: f64) -> f64 {
    value.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_begins_at_zero_and_has_round_marks() {
        // There is a tenth of room above the most.
        for (values, step) in [([40.0, 90.0], 10.0), ([0.4, 0.9], 0.1), ([300.0, 150.0], 50.0)] {
            let axis = Axis::over(Scale::Linear, values.into_iter(), 10.0, 109.0);
            assert_eq!(axis.place(0.0), 10.0);
            let most = values[0].max(values[1]);
            assert!((axis.place(most) - 100.0).abs() < 1e-9, "{values:?}: {}", axis.place(most));
            let (marks, places): (Vec<String>, Vec<f64>) =
                axis.marks().into_iter().map(|(value, at)| (value.to_string(), at)).unzip();
            let count = (most * 1.1 / step).floor() as u32;
            let round = (0..=count).map(|number| format!("{}", (f64::from(number) * step * 10.0).round() / 10.0));
            assert_eq!(marks, round.collect::<Vec<_>>(), "as people write them");
            for (number, place) in (0..).zip(places) {
                let expected = 10.0 + 90.0 * f64::from(number) * step / most;
                assert!((place - expected).abs() < 1e-9, "{place}, not {expected}");
            }
        }
    }

    #[test]
    fn nothing_to_draw_is_no_fault() {
        let line = |points: &[(f64, f64)]| Line { name: "nothing".to_owned(), points: points.to_vec() };
        for scale in [Scale::Linear, Scale::Logarithmic] {
            for lines in [vec![], vec![line(&[])], vec![line(&[(0.0, 0.0)])]] {
                let svg = draw("nothing", "minutes", scale, &lines);
                assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "every place is a number: {svg}");
            }
        }
    }
}
