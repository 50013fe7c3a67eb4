//! Fights, mobs, levels and death, through the public API: frames and messages of players in, components and messages
//! out.

mod abilities;
mod boss;
mod coming_back;
mod data;
mod death;
mod effects;
mod entrance;
mod fight;
mod kinds;
mod lag;
mod leaving;
mod paths;
mod progress;
mod reload;
mod replay;
mod scene;
mod spectators;
mod speed;
mod temper;
