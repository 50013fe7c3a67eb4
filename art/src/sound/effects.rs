//! Short sounds: what happens in the world, and what is pressed.

use super::Sound;
use super::wave::{Wave, falling, gliding, rising, swelling};

/// A usual sound of the world, where it is loudest; what is played often is softer.
const USUAL: f32 = -17.0;
const OFTEN: f32 = -21.0;
const SOFT: f32 = -26.0;

/// All of them.
pub const EFFECTS: [Sound; 21] = [
    Sound { name: "effects/step", decibels: SOFT, make: step },
    Sound { name: "effects/swing", decibels: OFTEN, make: swing },
    Sound { name: "effects/shot", decibels: OFTEN, make: shot },
    Sound { name: "effects/bolt", decibels: OFTEN, make: bolt },
    Sound { name: "effects/spell", decibels: OFTEN, make: spell },
    Sound { name: "effects/heal", decibels: OFTEN, make: heal },
    Sound { name: "effects/ward", decibels: OFTEN, make: ward },
    Sound { name: "effects/burst", decibels: USUAL, make: burst },
    Sound { name: "effects/hit", decibels: USUAL, make: hit },
    Sound { name: "effects/hurt", decibels: USUAL, make: hurt },
    Sound { name: "effects/fall", decibels: USUAL, make: fall },
    Sound { name: "effects/loot", decibels: USUAL, make: loot },
    Sound { name: "effects/gold", decibels: OFTEN, make: gold },
    Sound { name: "effects/level", decibels: USUAL, make: level },
    Sound { name: "effects/death", decibels: USUAL, make: death },
    Sound { name: "effects/portal", decibels: USUAL, make: portal },
    Sound { name: "interface/open", decibels: OFTEN, make: open },
    Sound { name: "interface/close", decibels: OFTEN, make: close },
    Sound { name: "interface/press", decibels: SOFT, make: press },
    Sound { name: "interface/refused", decibels: OFTEN, make: refused },
    Sound { name: "interface/message", decibels: OFTEN, make: message },
];

/// A sole on earth: a dull thud, and a little of what lies about.
fn step() -> Wave {
    let thud = Wave::noise(0.11, 3).below(gliding(520.0, 180.0, 0.08)).shaped(|time| falling(time, 0.016));
    let leaves = Wave::noise(0.11, 4).around(|_| 1_500.0, 1.2).shaped(|time| swelling(time, 0.07));
    thud.with(&leaves, 0.015, 0.12)
}

/// A blade through the air.
fn swing() -> Wave {
    let air = Wave::noise(0.22, 5).around(gliding(420.0, 1_900.0, 0.2), 1.6).shaped(|time| swelling(time, 0.22));
    let body = Wave::noise(0.22, 6).around(gliding(260.0, 700.0, 0.2), 1.2).shaped(|time| swelling(time, 0.2));
    air.with(&body, 0.0, 0.6)
}

/// A string, and an arrow that leaves.
fn shot() -> Wave {
    let string = Wave::pluck(0.24, 147.0, 0.93, 7).shaped(|time| falling(time, 0.05));
    let arrow = Wave::noise(0.2, 8).around(gliding(2_600.0, 900.0, 0.2), 2.0).shaped(|time| swelling(time, 0.2));
    string.with(&arrow, 0.02, 0.35)
}

/// Something that shines leaves a hand.
fn bolt() -> Wave {
    let shine = Wave::tone(0.3, gliding(360.0, 980.0, 0.25)).shaped(|time| swelling(time, 0.3));
    let air = Wave::noise(0.3, 9).around(gliding(700.0, 2_400.0, 0.28), 2.5).shaped(|time| swelling(time, 0.3));
    shine.with(&air, 0.0, 0.9)
}

/// A word of power that strikes from afar.
fn spell() -> Wave {
    let bell = Wave::bell(0.42, 311.0, 2.41, 0.35, 0.09);
    let flare = Wave::noise(0.3, 10)
        .around(gliding(2_200.0, 500.0, 0.25), 1.4)
        .shaped(|time| rising(time, 0.01) * falling(time, 0.05));
    bell.with(&flare, 0.0, 0.5).with(
        &Wave::tone(0.3, gliding(180.0, 90.0, 0.3)).shaped(|time| swelling(time, 0.3)),
        0.0,
        0.5,
    )
}

/// Three bells, each higher.
fn heal() -> Wave {
    let bell = |hertz| Wave::bell(0.42, hertz, 2.0, 0.12, 0.09);
    bell(523.25).with(&bell(659.25), 0.08, 0.9).with(&bell(783.99), 0.16, 0.85)
}

/// A chord of strings that lasts.
fn ward() -> Wave {
    let string = |hertz, seed| Wave::pluck(0.5, hertz, 0.992, seed).shaped(|time| falling(time, 0.14));
    let air = Wave::noise(0.4, 11).around(gliding(600.0, 1_500.0, 0.4), 2.0).shaped(|time| swelling(time, 0.4));
    string(220.0, 12).with(&string(329.63, 13), 0.03, 0.9).with(&string(440.0, 14), 0.06, 0.7).with(&air, 0.0, 0.25)
}

/// Something bursts, not too near.
fn burst() -> Wave {
    let blast = Wave::noise(0.45, 15)
        .below(gliding(2_400.0, 180.0, 0.3))
        .shaped(|time| rising(time, 0.006) * falling(time, 0.075));
    blast.with(&Wave::tone(0.4, gliding(120.0, 50.0, 0.3)).shaped(|time| falling(time, 0.09)), 0.0, 0.5)
}

/// A blow that lands.
fn hit() -> Wave {
    let body = Wave::tone(0.16, gliding(210.0, 85.0, 0.1)).shaped(|time| falling(time, 0.03));
    let crack = Wave::noise(0.12, 16).below(gliding(2_600.0, 600.0, 0.06)).shaped(|time| falling(time, 0.012));
    body.with(&crack, 0.0, 0.9)
}

/// A blow that oneself takes: duller, and with a groan in it.
fn hurt() -> Wave {
    let blow = Wave::noise(0.15, 17).below(gliding(1_100.0, 300.0, 0.1)).shaped(|time| falling(time, 0.025));
    let groan = Wave::tone(0.24, gliding(250.0, 140.0, 0.2))
        .with(&Wave::tone(0.24, gliding(500.0, 280.0, 0.2)), 0.0, 0.35)
        .shaped(|time| rising(time, 0.02) * falling(time, 0.06));
    groan.with(&blow, 0.0, 1.2)
}

/// Somebody falls.
fn fall() -> Wave {
    let thud = |seed| Wave::noise(0.16, seed).below(gliding(700.0, 140.0, 0.12)).shaped(|time| falling(time, 0.03));
    let sigh = Wave::noise(0.22, 18).around(gliding(900.0, 350.0, 0.2), 2.0).shaped(|time| swelling(time, 0.22));
    thud(19).with(&thud(20), 0.11, 0.7).with(&sigh, 0.0, 0.3)
}

/// Something goes into a bag.
fn loot() -> Wave {
    let string = |hertz, seed| Wave::pluck(0.2, hertz, 0.975, seed).shaped(|time| falling(time, 0.05));
    string(392.0, 21).with(&string(587.33, 22), 0.07, 1.0)
}

/// Coins.
fn gold() -> Wave {
    let coin = |hertz| Wave::bell(0.2, hertz, 1.73, 0.1, 0.035);
    coin(1_865.0).with(&coin(2_349.0), 0.055, 0.8).with(&coin(2_093.0), 0.12, 0.5)
}

/// A level: a chord that climbs.
fn level() -> Wave {
    let bell = |hertz| Wave::bell(0.46, hertz, 2.0, 0.14, 0.11);
    let string = Wave::pluck(0.6, 130.81, 0.994, 23).shaped(|time| falling(time, 0.15));
    let climb = [(392.0, 0.0), (523.25, 0.08), (659.25, 0.16), (783.99, 0.24)];
    climb.iter().fold(string, |sum, (hertz, from)| sum.with(&bell(*hertz), *from, 0.7))
}

/// One's own death: strings that sink.
fn death() -> Wave {
    let string = |hertz, seed| Wave::pluck(0.42, hertz, 0.994, seed).shaped(|time| falling(time, 0.13));
    let dark = Wave::tone(0.6, gliding(110.0, 55.0, 0.6)).shaped(|time| swelling(time, 0.6));
    string(220.0, 24).with(&string(174.61, 25), 0.14, 1.0).with(&string(146.83, 26), 0.28, 1.0).with(&dark, 0.0, 0.35)
}

/// A way to somewhere else opens.
fn portal() -> Wave {
    let whirl = Wave::noise(0.6, 27).around(gliding(300.0, 2_000.0, 0.55), 2.5).shaped(|time| swelling(time, 0.6));
    let shine = Wave::tone(0.6, gliding(220.0, 880.0, 0.6)).shaped(|time| swelling(time, 0.6));
    let fifth = Wave::tone(0.6, gliding(330.0, 1_320.0, 0.6)).shaped(|time| swelling(time, 0.6));
    whirl.with(&shine, 0.0, 0.3).with(&fifth, 0.0, 0.18)
}

/// A window opens.
fn open() -> Wave {
    let paper = Wave::noise(0.12, 28).around(gliding(900.0, 2_000.0, 0.1), 1.5).shaped(|time| swelling(time, 0.12));
    let tick = Wave::tone(0.12, gliding(420.0, 630.0, 0.06)).shaped(|time| rising(time, 0.004) * falling(time, 0.025));
    tick.with(&paper, 0.0, 0.5)
}

/// A window closes.
fn close() -> Wave {
    let paper = Wave::noise(0.12, 29).around(gliding(1_800.0, 800.0, 0.1), 1.5).shaped(|time| swelling(time, 0.12));
    let tick = Wave::tone(0.12, gliding(560.0, 370.0, 0.06)).shaped(|time| rising(time, 0.004) * falling(time, 0.025));
    tick.with(&paper, 0.0, 0.5)
}

/// A button is pressed.
fn press() -> Wave {
    Wave::tone(0.07, gliding(740.0, 520.0, 0.03)).shaped(|time| rising(time, 0.003) * falling(time, 0.012))
}

/// What was asked for is not done.
fn refused() -> Wave {
    let low = |hertz| Wave::tone(0.09, move |_| hertz).shaped(|time| swelling(time, 0.09));
    low(233.08).with(&low(185.0), 0.09, 1.0)
}

/// Somebody says something to the player alone.
fn message() -> Wave {
    let bell = |hertz| Wave::bell(0.22, hertz, 2.0, 0.08, 0.06);
    bell(880.0).with(&bell(1_174.66), 0.07, 0.8)
}
