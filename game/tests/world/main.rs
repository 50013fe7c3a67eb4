//! Fights, mobs, levels and death, through the public surface: players' frames and messages in, components and messages
//! out.

mod abilities;
mod boss;
mod data;
mod death;
mod effects;
mod entrance;
mod fight;
mod paths;
mod progress;
mod replay;
mod scene;
mod temper;
