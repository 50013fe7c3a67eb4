//! The colours of the world: short ramps from dark to light.
//!
//! Shadows lean to blue and purple, lights to yellow. The first colour of a ramp is its outline, so it is close to black.

/// A colour as `0xRRGGBB`.
pub type Colour = u32;

/// Colours of one material from dark (the outline) to light.
pub type Ramp = &'static [Colour];

/// The darkest colour of all: pupils, gaps, night.
pub const INK: Colour = 0x1b1626;
/// The lightest colour of all.
pub const WHITE: Colour = 0xfffaea;

/// Grey stone of walls and boulders.
pub const STONE: Ramp = &[0x2a2738, 0x464356, 0x656474, 0x878891, 0xaeada8, 0xd8d4c3];
/// Cold stone of the barrow.
pub const CRYPT: Ramp = &[0x16141f, 0x242231, 0x343245, 0x484759, 0x62616f, 0x858388];
/// Swords, helmets, mail.
pub const STEEL: Ramp = &[0x262b42, 0x3c4a6b, 0x5c7090, 0x8499b0, 0xb5c6d0, 0xeaf1ef];
/// Meadow grass.
pub const GRASS: Ramp = &[0x23423b, 0x33603f, 0x4a7f43, 0x669a48, 0x8cb552, 0xbcd26c];
/// Grass and leaves of the dark wood.
pub const FOREST: Ramp = &[0x14262d, 0x1c3835, 0x284c3b, 0x396241, 0x527c49, 0x7a9c56];
/// Bark, planks, leather.
pub const WOOD: Ramp = &[0x2d1c2a, 0x4b2d33, 0x6e453a, 0x936244, 0xb78857, 0xd9b37a];
/// Trodden earth.
pub const EARTH: Ramp = &[0x4b2d33, 0x6b4a3f, 0x8f6a4c, 0xab855b, 0xc4a06e, 0xd9bd88];
/// Sand.
pub const SAND: Ramp = &[0x7d5f4e, 0xa5805b, 0xc6a36e, 0xdcc087, 0xebd7a3, 0xf6ebc4];
/// Cloaks, blood, anger.
pub const RED: Ramp = &[0x33122a, 0x671d38, 0xa02b3b, 0xd04e3f, 0xee8754, 0xfbc180];
/// Gold and fire.
pub const GOLD: Ramp = &[0x4e2b2a, 0x8c4f2b, 0xc78431, 0xefbe47, 0xfce58a, WHITE];
/// Clay tiles of roofs.
pub const TILES: Ramp = &[0x3a1a26, 0x5c2a30, 0x84403a, 0xa55a45, 0xc47d58, 0xdca47a];
/// Straw of old roofs.
pub const STRAW: Ramp = &[0x3a2830, 0x5a4234, 0x7c603c, 0x9c8048, 0xbaa05e, 0xd6c184];
/// Skin.
pub const SKIN: Ramp = &[0x5a3038, 0x9c584a, 0xd08c66, 0xefbe92, 0xfbe0bd];
/// Water, ice, cold magic.
pub const WATER: Ramp = &[0x1b2752, 0x26457f, 0x376da6, 0x5698c0, 0x8ec8d2, 0xd3f0e6];
/// Shadow magic, portals, gloom.
pub const PURPLE: Ramp = &[0x261838, 0x44285f, 0x6e418c, 0xa26bbd, 0xd5a6e0, 0xf5dff2];
/// Bones, tusks, parchment.
pub const BONE: Ramp = &[0x3d3340, 0x7a6a61, 0xb29f82, 0xdccdaa, 0xf4ecd2, WHITE];
/// White cloth.
pub const CLOTH: Ramp = &[0x4b4766, 0x8f8ba6, 0xc5c0cd, 0xece7e0, WHITE];
/// Grey fur.
pub const FUR: Ramp = &[0x20203a, 0x353550, 0x4f5068, 0x6f707f, 0x9a9b9d, 0xc9c6bb];
/// Brown, bristly fur.
pub const BRISTLE: Ramp = &[0x25182a, 0x432a33, 0x633d3a, 0x865643, 0xab7c55, 0xcfa777];
/// Green cloth and goblin skin.
pub const GREEN: Ramp = &[0x16302f, 0x22503c, 0x387443, 0x61994a, 0x9bc05a, 0xd2de80];
/// The green of hunters: deeper than any meadow.
pub const HUNTER: Ramp = &[0x10242c, 0x173a39, 0x215043, 0x32694a, 0x548653, 0x86ab66];
/// Ghost light.
pub const GHOST: Ramp = &[0x153f52, 0x1f7482, 0x3db3a6, 0x86e6c4, 0xd8fff0, WHITE];
/// Blue cloth.
pub const BLUE: Ramp = &[0x1b1d45, 0x2d3573, 0x44559c, 0x6b83bd, 0xa3b9d8];
/// Dark iron and black leather.
pub const IRON: Ramp = &[0x1b1626, 0x302d40, 0x4a485a, 0x6d6c79, 0x9c9a9d, 0xcfcabf];
/// Brown hair.
pub const HAIR: Ramp = &[0x2d1c2a, 0x53303a, 0x7d4a3a, 0xa86f45, 0xcf9d5f];
/// The light inside a portal.
pub const PORTAL: Ramp = &[0x44285f, 0x6e418c, 0xa26bbd, 0xd5a6e0, 0xf5dff2];
/// The middle of a portal.
pub const PORTAL_HEART: Ramp = &[0xa26bbd, 0xd5a6e0, 0xf5dff2, WHITE];
/// The heart of a flash.
pub const FLASH: Ramp = &[0xefbe47, 0xfce58a, WHITE];
/// Nothing but darkness: eye sockets, gaps.
pub const DARK: Ramp = &[INK, INK, INK];
