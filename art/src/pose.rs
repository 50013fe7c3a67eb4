//! Where the joints of a two-legged figure are, for each view and each column of a sheet.
//!
//! Coordinates: (0, 0) is between the feet, x to the right, y down; a person is 35 high.

use crate::math::V;

/// The view of a row of a sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Facing down: the face is seen.
    Front,
    /// Facing up: the back is seen.
    Back,
    /// Facing right.
    Side,
}

/// How a figure fights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// With a blade, club or hammer.
    Blade,
    /// With a bow.
    Bow,
    /// With a staff.
    Staff,
}

/// Columns of a sheet.
pub const COLUMNS: i32 = 8;
/// The column of the raised weapon.
pub const WINDUP: i32 = 5;
/// The column of the blow.
pub const BLOW: i32 = 6;
/// The column of the dead.
pub const DEAD: i32 = 7;

/// The joints of one frame.
#[derive(Clone, Copy)]
pub struct Pose {
    /// The view.
    pub view: View,
    /// The column of the sheet.
    pub column: i32,
    /// How far the body is moved from its place.
    pub body: V,
    /// The foot of the weapon side and the other one.
    pub feet: [V; 2],
    /// The hand with the weapon.
    pub hand: V,
    /// The other hand.
    pub off: V,
    /// The direction of the weapon: 0 is up, 90 is right.
    pub deg: f32,
    /// How much of the weapon's length is seen.
    pub seen: f32,
    /// -1..1 while walking: which way the cloth swings.
    pub sway: f32,
}

impl Pose {
    /// The pose of a frame.
    pub fn of(view: View, column: i32, style: Style) -> Self {
        let mut pose = Self::standing(view, column, style);
        match column {
            1..=4 => pose.walk(),
            WINDUP | BLOW => pose.fight(style),
            DEAD => pose.lie(style),
            _ => {}
        }
        pose
    }

    fn standing(view: View, column: i32, style: Style) -> Self {
        let (hand, off, deg) = match (view, style) {
            (View::Front, Style::Blade) => ((-8.8, -11.0), (8.6, -12.0), -12.0),
            (View::Back, Style::Blade) => ((8.8, -11.0), (-8.6, -12.0), 12.0),
            (View::Side, Style::Blade) => ((1.5, -10.5), (3.5, -13.0), 62.0),
            (View::Front, Style::Bow) => ((-8.0, -11.0), (10.2, -12.5), 90.0),
            (View::Back, Style::Bow) => ((8.0, -11.0), (-10.2, -12.5), -90.0),
            (View::Side, Style::Bow) => ((-1.5, -10.5), (7.5, -13.0), 90.0),
            (View::Front, Style::Staff) => ((-9.2, -14.0), (8.0, -11.0), 0.0),
            (View::Back, Style::Staff) => ((9.2, -14.0), (-8.0, -11.0), 0.0),
            (View::Side, Style::Staff) => ((8.0, -13.5), (1.0, -11.0), 7.0),
        };
        let feet = match view {
            View::Front => [(-3.3, 0.0), (3.3, 0.0)],
            View::Back => [(3.3, 0.0), (-3.3, 0.0)],
            View::Side => [(-1.6, 0.0), (2.4, -0.6)],
        };
        Self { view, column, body: (0.0, 0.0), feet, hand, off, deg, seen: 1.0, sway: 0.0 }
    }

    fn walk(&mut self) {
        let swing = [1.0, 0.0, -1.0, 0.0][(self.column - 1) as usize];
        let passing = swing == 0.0;
        self.sway = [0.6, 1.0, -0.2, -1.0][(self.column - 1) as usize];
        self.body.1 = if passing { -1.4 } else { 0.2 };
        if self.view == View::Side {
            let lift = |on: bool| if on { -2.8 } else { 0.0 };
            self.feet = [(5.2 * swing, lift(self.column == 4)), (-5.2 * swing, lift(self.column == 2))];
            if passing {
                self.feet[usize::from(self.column == 2)].0 = -1.2;
                self.feet[usize::from(self.column == 4)].0 = 0.8;
            }
            self.hand.0 -= 3.6 * swing;
            self.off.0 += 3.6 * swing;
            self.hand.1 += if swing < 0.0 { -1.2 } else { 0.0 };
        } else {
            self.feet[0].1 = if swing > 0.0 { 0.8 } else { -3.4 * -swing };
            self.feet[1].1 = if swing < 0.0 { 0.8 } else { -3.4 * swing };
            self.hand.1 -= 1.8 * swing;
            self.off.1 += 1.8 * swing;
            self.body.0 = 0.7 * swing * self.mirror();
        }
    }

    /// 1 where the weapon is on the left of the picture.
    fn mirror(&self) -> f32 {
        if self.view == View::Front { 1.0 } else { -1.0 }
    }

    fn fight(&mut self, style: Style) {
        let windup = self.column == WINDUP;
        let m = self.mirror();
        match (self.view, style) {
            (View::Side, Style::Blade) if windup => self.set((-1.5, 0.4), (-6.5, -25.0), (5.0, -17.0), -52.0),
            (View::Side, Style::Blade) => self.set((1.2, 0.8), (7.4, -14.5), (-2.0, -13.0), 108.0),
            (View::Front, Style::Blade) if windup => self.set((-0.6, -0.6), (-10.0, -24.0), (8.0, -14.5), 22.0),
            (View::Front, Style::Blade) => self.set((0.6, 1.6), (-1.0, -10.0), (9.2, -13.0), 160.0),
            (View::Back, Style::Blade) if windup => self.set((0.0, 0.6), (9.5, -17.0), (-8.0, -14.0), 60.0),
            (View::Back, Style::Blade) => self.set((0.0, -2.0), (4.5, -27.0), (-9.0, -13.0), -14.0),
            (View::Side, Style::Bow) if windup => self.set((-1.0, 0.3), (-3.0, -19.5), (9.5, -18.5), 90.0),
            (View::Side, Style::Bow) => self.set((0.0, 0.3), (-6.0, -21.0), (10.5, -18.5), 90.0),
            (View::Front, Style::Bow) if windup => self.set((0.0, 0.0), (-2.5, -18.5), (0.5, -12.5), 180.0),
            (View::Front, Style::Bow) => self.set((0.0, 0.6), (-9.5, -19.0), (0.5, -10.5), 180.0),
            (View::Back, Style::Bow) if windup => self.set((0.0, 0.0), (7.5, -21.0), (0.0, -30.0), 0.0),
            (View::Back, Style::Bow) => self.set((0.0, 0.0), (10.0, -19.0), (0.0, -31.0), 0.0),
            (View::Side, Style::Staff) if windup => self.set((-1.2, 0.0), (1.0, -20.0), (3.5, -18.0), -16.0),
            (View::Side, Style::Staff) => self.set((1.0, 0.6), (7.5, -15.0), (6.0, -19.0), 34.0),
            (_, Style::Staff) if windup => self.set((0.0, -0.5), (-9.5 * m, -19.5), (8.5 * m, -21.0), -6.0 * m),
            (_, Style::Staff) => self.set((0.0, 0.8), (-6.0 * m, -15.0), (9.5 * m, -17.0), 24.0 * m),
        }
        if self.view == View::Side {
            self.feet = if windup { [(-4.5, 0.0), (3.0, -0.6)] } else { [(-6.0, 0.0), (5.5, -0.4)] };
            if style == Style::Blade && !windup {
                self.feet = [(6.0, 0.0), (-5.5, -0.6)];
            }
        } else {
            let wide = if windup { 4.0 } else { 4.6 };
            self.feet = [(-wide * m, 0.0), (wide * m, if windup { 0.0 } else { -1.0 })];
        }
        self.sway = if windup { 0.8 } else { -0.8 };
        if self.view != View::Side && style == Style::Blade && !windup {
            self.seen = 0.8;
        }
    }

    fn lie(&mut self, style: Style) {
        let m = if self.view == View::Side { 1.0 } else { self.mirror() };
        self.feet = [(-3.8 * m, -0.5), (4.0 * m, 0.0)];
        self.hand = (-8.0 * m, -11.0);
        self.off = (9.5 * m, -15.0);
        self.deg = if style == Style::Bow { 90.0 * m } else { -3.0 * m };
        self.seen = 0.9;
    }

    fn set(&mut self, body: V, hand: V, off: V, deg: f32) {
        self.body = body;
        self.hand = hand;
        self.off = off;
        self.deg = deg;
    }

    /// A point of the body.
    pub fn at(&self, x: f32, y: f32) -> V {
        (x + self.body.0, y + self.body.1)
    }

    /// The hand of the weapon arm (`0`) or the other one, moved with the body.
    pub fn held_at(&self, arm: usize) -> V {
        let hand = if arm == 0 { self.hand } else { self.off };
        self.at(hand.0, hand.1)
    }

    /// The shoulder of the weapon arm (`0`) or of the other one.
    pub fn shoulder(&self, arm: usize) -> V {
        let x = match (self.view, arm) {
            (View::Front, 0) | (View::Back, 1) => -6.0,
            (View::Side, 0) => -0.8,
            (View::Side, _) => 1.2,
            _ => 6.0,
        };
        self.at(x, -19.0)
    }

    /// The hip of the weapon side (`0`) or of the other one.
    pub fn hip(&self, leg: usize) -> V {
        let x = match (self.view, leg) {
            (View::Front, 0) | (View::Back, 1) => -2.8,
            (View::Side, 0) => -0.6,
            (View::Side, _) => 0.6,
            _ => 2.8,
        };
        self.at(x, -9.5)
    }

    /// A bent joint between two points.
    pub fn bend(a: V, b: V, out: f32) -> V {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).sqrt().max(0.1);
        ((a.0 + b.0) / 2.0 - dy / length * out, (a.1 + b.1) / 2.0 + dx / length * out)
    }
}
