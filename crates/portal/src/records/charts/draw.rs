//! The drawings: bars and lines as SVG, by plotters.
//!
//! Its SVG says colours as attributes, which our stylesheet takes for what they stand for ([`Ink`]) and gives the theme's:
//! so a drawing follows light, dark and paper, and the strict policy for content has nothing to forbid. A drawing is made
//! twice, for a wide page and for a phone, since letters that shrink with their picture cannot be read.

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::coord::types::{RangedCoordi32, RangedCoordi64};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What a colour stands for; the values are those of light, and the stylesheet's selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// What went well.
    Brand,
    /// What did not.
    Bad,
    /// Letters.
    Soft,
    /// Lines to read heights by.
    Line,
}

impl Ink {
    const fn colour(self) -> RGBColor {
        match self {
            Self::Brand => RGBColor(0x0B, 0x6B, 0x4F),
            Self::Bad => RGBColor(0xA8, 0x20, 0x1A),
            Self::Soft => RGBColor(0x5B, 0x5C, 0x61),
            Self::Line => RGBColor(0xDF, 0xDC, 0xD3),
        }
    }
}

/// One value a place; of several kinds of bars, each stands on the one before.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) values: Vec<i64>,
    pub(super) ink: Ink,
    /// Only the outline, so that it is told from the others without its colour.
    pub(super) hollow: bool,
}

/// A drawing to be made.
pub(super) struct Drawing<'a> {
    /// Names it on its page.
    pub(super) id: &'a str,
    /// What it shows.
    pub(super) title: &'a str,
    /// What is to be seen in it, in a sentence.
    pub(super) told: &'a str,
    /// What the places are called, from left to right.
    pub(super) places: &'a [String],
    /// How a height is written.
    pub(super) height: &'a dyn Fn(i64) -> String,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Bars(Vec<Series>),
    /// From before the first place to the end of the last: one value more than there are places.
    Line(Vec<i64>),
}

/// Width, height, and how much of the width the name of a place takes.
#[derive(Clone, Copy, Debug)]
struct Paper {
    width: u32,
    height: u32,
    class: &'static str,
}

const PAPERS: [Paper; 2] = [
    Paper { width: 680, height: 220, class: "chart wide-only" },
    Paper { width: 340, height: 190, class: "chart narrow-only" },
];

/// Of a place, so that bars are whole numbers wide.
const PLACE: i32 = 10;
const BAR_FROM: i32 = 1;
const BAR_TO: i32 = 9;
/// A single bar is no wall.
const FEWEST_PLACES: i32 = 8;
const LEFT: u32 = 54;
const BELOW: u32 = 24;
/// What a letter of a place's name takes, with room to the next one. Letters are 12 pixels; plotters counts otherwise.
const LETTER: u32 = 8;
const LETTERS: i32 = 15;

type Failed = Box<dyn std::error::Error>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordi32, RangedCoordi64>>;

impl Drawing<'_> {
    /// Both drawings, of which the stylesheet shows one. The table beside says the numbers.
    pub(super) fn draw(&self, shape: &Shape) -> Markup {
        html! { @for paper in PAPERS {
            @let (title, told) = (format!("{}-title-{}", self.id, paper.width), format!("{}-told-{}", self.id, paper.width));
            svg.(paper.class) viewBox=(format!("0 0 {} {}", paper.width, paper.height)) role="img"
                aria-labelledby=(title) aria-describedby=(told) {
                title id=(title) { (self.title) }
                desc id=(told) { (self.told) }
                (PreEscaped(self.svg(paper, shape).unwrap_or_default()))
            }
        } }
    }

    fn svg(&self, paper: Paper, shape: &Shape) -> Result<String, Failed> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (paper.width, paper.height)).into_drawing_area();
            let mut chart = self.axes(&root, shape)?;
            match shape {
                Shape::Bars(series) => self.bars(&mut chart, series)?,
                Shape::Line(values) => self.line(&mut chart, values)?,
            }
            self.names(&mut chart, paper)?;
            root.present()?;
        }
        Ok(svg)
    }

    /// How many places there are.
    fn count(&self) -> i32 {
        i32::try_from(self.places.len()).unwrap_or(i32::MAX)
    }

    /// The width in units, and where the first place begins: few places stand in the middle.
    fn across(&self) -> (i32, i32) {
        let (places, room) = (self.count(), self.count().max(FEWEST_PLACES));
        let units = |places: i32| places.saturating_mul(PLACE);
        (units(room), units(room).saturating_sub(units(places)) / 2)
    }

    fn axes<'a, 'b>(
        &self,
        root: &'a DrawingArea<SVGBackend<'b>, Shift>,
        shape: &Shape,
    ) -> Result<Chart<'a, 'b>, Failed> {
        let (width, _) = self.across();
        let most = shape.most().max(1);
        let mut chart = ChartBuilder::on(root)
            .margin_top(10)
            .margin_right(6)
            .y_label_area_size(LEFT)
            .x_label_area_size(BELOW)
            .build_cartesian_2d(0..width, 0..most.saturating_add(most / 20))?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .axis_style(TRANSPARENT)
            // Without its axis it is not drawn. Asked for none, plotters looks for a scale that has none without an end.
            .x_labels(1)
            .y_labels(6)
            .y_max_light_lines(1)
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Line.colour())
            .y_label_style(letters(HPos::Right, VPos::Center))
            .y_label_formatter(&|height| (self.height)(*height))
            .draw()?;
        let ground = [(0, 0), (width, 0)];
        chart.draw_series([PathElement::new(ground, Ink::Soft.colour())])?;
        Ok(chart)
    }

    fn bars(&self, chart: &mut Chart<'_, '_>, series: &[Series]) -> Result<(), Failed> {
        let mut ground = vec![0_i64; self.places.len()];
        for one in series {
            let bars = ground.iter_mut().zip(&one.values).enumerate().filter_map(|(place, (ground, value))| {
                let (low, high) = (*ground, ground.saturating_add(*value));
                *ground = high;
                let (left, right) = (self.at(place, BAR_FROM), self.at(place, BAR_TO));
                let style = ShapeStyle { color: one.ink.colour().to_rgba(), filled: !one.hollow, stroke_width: 1 };
                (*value > 0).then(|| Rectangle::new([(left, high), (right, low)], style))
            });
            chart.draw_series(bars)?;
        }
        Ok(())
    }

    fn line(&self, chart: &mut Chart<'_, '_>, values: &[i64]) -> Result<(), Failed> {
        let path: Vec<(i32, i64)> =
            values.iter().enumerate().map(|(place, value)| (self.at(place, 0), *value)).collect();
        let end = path.last().copied();
        chart.draw_series([PathElement::new(path, Ink::Brand.colour().stroke_width(2))])?;
        chart.draw_series(end.map(|end| Circle::new(end, 3, Ink::Brand.colour().filled())))?;
        Ok(())
    }

    /// The names of the places, as many as there is room for.
    #[expect(clippy::arithmetic_side_effects, reason = "plotters puts elements together by a plus")]
    fn names(&self, chart: &mut Chart<'_, '_>, paper: Paper) -> Result<(), Failed> {
        let letter_count = self.places.iter().map(|name| name.chars().count()).max().unwrap_or(1);
        let name_width = u32::try_from(letter_count).unwrap_or(1).saturating_add(2).saturating_mul(LETTER);
        let room = paper.width.saturating_sub(LEFT).checked_div(name_width).unwrap_or(1).max(1);
        let every = self.places.len().div_ceil(usize::try_from(room).unwrap_or(1)).max(1);
        let names = self.places.iter().enumerate().step_by(every).map(|(place, name)| {
            EmptyElement::at((self.at(place, PLACE / 2), 0))
                + Text::new(name.clone(), (0, 7), letters(HPos::Center, VPos::Top))
        });
        chart.draw_series(names)?;
        Ok(())
    }

    /// So far into a place.
    fn at(&self, place: usize, within: i32) -> i32 {
        let (_, begins) = self.across();
        let place = i32::try_from(place).unwrap_or(i32::MAX).saturating_mul(PLACE);
        begins.saturating_add(place).saturating_add(within)
    }
}

impl Shape {
    /// The highest that is drawn.
    fn most(&self) -> i64 {
        match self {
            Self::Line(values) => values.iter().copied().max().unwrap_or(0),
            Self::Bars(series) => {
                let places = series.iter().map(|one| one.values.len()).max().unwrap_or(0);
                let height = |place: usize| {
                    series.iter().filter_map(|one| one.values.get(place)).copied().fold(0, i64::saturating_add)
                };
                (0..places).map(height).max().unwrap_or(0)
            }
        }
    }
}

fn letters(across: HPos, down: VPos) -> TextStyle<'static> {
    ("sans-serif", LETTERS).into_font().color(&Ink::Soft.colour()).pos(Pos::new(across, down))
}
