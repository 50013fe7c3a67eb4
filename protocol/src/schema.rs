//! Messages declared once.
//!
//! [`messages!`](crate::messages), [`wire_struct!`](crate::wire_struct) and [`components!`](crate::components) generate
//! the Rust type and its entry in the schema (`docs/protocol.json`). Other languages build their codecs from the
//! schema, and the protocol hash is computed from it.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::ids::{
    AccountId, BatchId, ChannelId, CharacterId, EntityId, EventKey, ItemId, LockEpoch, MapId, RequestId, SaveSequence,
    Tick, TicketId,
};
use crate::movement::{Angle, Position};

/// A named field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The field's name.
    pub name: String,
    /// Its type: a primitive of the codec, `option<T>`, `list<T>`, or a type of [`Schema::types`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Its doc comment, empty if it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
}

/// One variant of a message or enumeration. Its number is its index in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// Its number on the wire.
    pub id: u32,
    /// The variant's name.
    pub name: String,
    /// Its fields, in the order of the wire.
    pub fields: Vec<Field>,
    /// Its doc comment, empty if it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
}

/// The layout of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Fields, one after the other.
    Struct(Vec<Field>),
    /// A variant number, then its fields.
    Enum(Vec<Variant>),
}

/// Everything another language needs to speak the game's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Types by name, including the messages.
    pub types: BTreeMap<String, Shape>,
    /// Replicated components in bit encoding. `id` is the bit in an entity's component mask.
    pub components: Vec<Variant>,
}

impl Schema {
    /// Adds a type and all types that it contains.
    pub fn add<T: WireType>(&mut self) {
        T::describe(self);
    }

    /// The hash that both ends compare: the first 8 bytes of the SHA-256 over `layout` (the constants that fix the
    /// datagram layout) and the schema without its documentation.
    pub fn hash(&self, layout: &str) -> u64 {
        let mut sha = Sha256::new();
        let mut line = |text: String| {
            sha.update(text.as_bytes());
            sha.update(b"\n");
        };
        line(layout.to_owned());
        let fields =
            |fields: &[Field]| fields.iter().map(|f| format!("{}:{}", f.name, f.kind)).collect::<Vec<_>>().join(",");
        for (name, shape) in &self.types {
            match shape {
                Shape::Struct(of) => line(format!("struct {name} {}", fields(of))),
                Shape::Enum(of) => {
                    of.iter().for_each(|v| line(format!("enum {name} {} {} {}", v.id, v.name, fields(&v.fields))))
                }
            }
        }
        self.components.iter().for_each(|c| line(format!("component {} {} {}", c.id, c.name, fields(&c.fields))));
        let digest = sha.finalize();
        digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}

/// A type that can describe itself in the schema.
pub trait WireType {
    /// The name in the schema.
    fn type_name() -> String;
    /// Adds the type and all types that it contains. Primitives add nothing.
    fn describe(_schema: &mut Schema) {}
}

macro_rules! primitives {
    ($($ty:ty => $name:literal),* $(,)?) => {$(
        impl WireType for $ty {
            fn type_name() -> String {
                $name.to_owned()
            }
        }
    )*};
}

primitives! {
    bool => "bool", u8 => "u8", u16 => "u16", u32 => "u32", u64 => "u64", i32 => "i32", i64 => "i64", String => "text",
    AccountId => "uuid", CharacterId => "uuid", ItemId => "uuid", EventKey => "uuid",
    MapId => "u16", ChannelId => "u16", EntityId => "u32", Tick => "u32", TicketId => "u64", LockEpoch => "u64",
    SaveSequence => "u64", RequestId => "u64", BatchId => "u64", Angle => "u8",
}

impl<T: WireType> WireType for Option<T> {
    fn type_name() -> String {
        format!("option<{}>", T::type_name())
    }
    fn describe(schema: &mut Schema) {
        T::describe(schema);
    }
}

impl<T: WireType> WireType for Vec<T> {
    fn type_name() -> String {
        format!("list<{}>", T::type_name())
    }
    fn describe(schema: &mut Schema) {
        T::describe(schema);
    }
}

impl WireType for Position {
    fn type_name() -> String {
        "Position".to_owned()
    }
    fn describe(schema: &mut Schema) {
        let field =
            |name: &str, doc: &str| Field { name: name.to_owned(), kind: "i32".to_owned(), doc: doc.to_owned() };
        let fields = vec![field("x", "1/1,024 tile from the west"), field("y", "1/1,024 tile from the north")];
        schema.types.insert(Self::type_name(), Shape::Struct(fields));
    }
}

/// Joins the lines of a doc comment.
pub fn doc(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Declares an enumeration on the wire: the Rust type with serde, and its [`WireType`].
#[macro_export]
macro_rules! messages {
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),* $(,)?)])?
        pub enum $name:ident {
            $( $(#[doc = $vdoc:literal])* $variant:ident $( { $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty ),* $(,)? } )? ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize $($(, $derive)*)?)]
        #[allow(clippy::large_enum_variant, reason = "a message is encoded or handled at once, and never kept in numbers")]
        pub enum $name {
            $( $(#[doc = $vdoc])* $variant $( { $( $(#[doc = $fdoc])* $field: $ty ),* } )? ),*
        }

        impl $name {
            /// The names of the variants, in the order of their numbers.
            pub const VARIANTS: &'static [&'static str] = &[$(stringify!($variant)),*];

            /// The name of this variant, for logs and metrics.
            pub fn name(&self) -> &'static str {
                match self {
                    $( $crate::messages!(@pattern $name $variant $( { $($field),* } )?) => stringify!($variant), )*
                }
            }
        }

        /// The variant's number as a `uint`, then its fields.
        impl $crate::bits::BitField for $name {
            fn write(&self, out: &mut $crate::bits::BitWriter) {
                enum Number { $( $variant ),* }
                match self {
                    $( Self::$variant $( { $($field),* } )? => {
                        out.put_uint(Number::$variant as u32);
                        $($( $crate::bits::BitField::write($field, out); )*)?
                    } )*
                }
            }
            fn read(from: &mut $crate::bits::BitReader<'_>) -> Option<Self> {
                enum Number { $( $variant ),* }
                Some(match from.take_uint()? {
                    $( number if number == Number::$variant as u32 => {
                        Self::$variant $( { $( $field: $crate::bits::BitField::read(from)? ),* } )?
                    } )*
                    _ => return None,
                })
            }
        }

        impl $crate::schema::WireType for $name {
            fn type_name() -> String {
                stringify!($name).to_owned()
            }
            fn describe(schema: &mut $crate::schema::Schema) {
                let mut variants = Vec::new();
                $(
                    #[allow(unused_mut, reason = "a variant may have no fields")]
                    let mut fields: Vec<$crate::schema::Field> = Vec::new();
                    $($(
                        <$ty as $crate::schema::WireType>::describe(schema);
                        fields.push($crate::schema::Field {
                            name: stringify!($field).to_owned(),
                            kind: <$ty as $crate::schema::WireType>::type_name(),
                            doc: $crate::schema::doc(&[$($fdoc),*]),
                        });
                    )*)?
                    variants.push($crate::schema::Variant {
                        id: variants.len() as u32,
                        name: stringify!($variant).to_owned(),
                        fields,
                        doc: $crate::schema::doc(&[$($vdoc),*]),
                    });
                )*
                schema.types.insert(stringify!($name).to_owned(), $crate::schema::Shape::Enum(variants));
            }
        }
    };
    (@pattern $name:ident $variant:ident) => { $name::$variant };
    (@pattern $name:ident $variant:ident { $($field:ident),* }) => { $name::$variant { .. } };
}

/// Declares a structure on the wire: the Rust type with serde, and its [`WireType`].
#[macro_export]
macro_rules! wire_struct {
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),* $(,)?)])?
        pub struct $name:ident {
            $( $(#[doc = $fdoc:literal])* $(#[serde($serde:ident)])? pub $field:ident : $ty:ty ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize $($(, $derive)*)?)]
        pub struct $name {
            $( $(#[doc = $fdoc])* $(#[serde($serde)])? pub $field: $ty ),*
        }

        /// Its fields, one after the other.
        impl $crate::bits::BitField for $name {
            fn write(&self, out: &mut $crate::bits::BitWriter) {
                $( $crate::bits::BitField::write(&self.$field, out); )*
            }
            fn read(from: &mut $crate::bits::BitReader<'_>) -> Option<Self> {
                Some(Self { $( $field: $crate::bits::BitField::read(from)? ),* })
            }
        }

        impl $crate::schema::WireType for $name {
            fn type_name() -> String {
                stringify!($name).to_owned()
            }
            fn describe(schema: &mut $crate::schema::Schema) {
                let fields = vec![$({
                    <$ty as $crate::schema::WireType>::describe(schema);
                    $crate::schema::Field {
                        name: stringify!($field).to_owned(),
                        kind: <$ty as $crate::schema::WireType>::type_name(),
                        doc: $crate::schema::doc(&[$($fdoc),*]),
                    }
                }),*];
                schema.types.insert(stringify!($name).to_owned(), $crate::schema::Shape::Struct(fields));
            }
        }
    };
}

/// Declares the replicated components: a bit-packed structure for each, and the enumeration of their values.
#[macro_export]
macro_rules! components {
    ( $(
        $(#[doc = $doc:literal])*
        $id:literal => pub struct $name:ident { $( $(#[doc = $fdoc:literal])* pub $field:ident : $ty:ty ),* $(,)? }
    )* ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
            pub struct $name {
                $( $(#[doc = $fdoc])* pub $field: $ty ),*
            }

            impl $crate::wire::WireComponent for $name {
                const ID: u8 = $id;
                const NAME: &'static str = stringify!($name);
                fn write(&self, out: &mut $crate::bits::BitWriter) {
                    $( $crate::bits::BitField::write(&self.$field, out); )*
                }
                fn read(from: &mut $crate::bits::BitReader<'_>) -> Option<Self> {
                    Some(Self { $( $field: $crate::bits::BitField::read(from)? ),* })
                }
            }
        )*

        /// The value of any replicated component: what a client decodes from a snapshot.
        #[derive(Debug, Clone, PartialEq)]
        pub enum ComponentValue {
            $( $(#[doc = $doc])* $name($name) ),*
        }

        impl ComponentValue {
            /// Reads the value of component `id`; `None` for an unknown id or illegal bits.
            pub fn read(id: u8, from: &mut $crate::bits::BitReader<'_>) -> Option<Self> {
                match id {
                    $( $id => <$name as $crate::wire::WireComponent>::read(from).map(Self::$name), )*
                    _ => None,
                }
            }
        }

        /// Adds the components to the schema.
        pub fn describe_components(schema: &mut $crate::schema::Schema) {
            $(
                let component = $crate::schema::Variant {
                    id: $id,
                    name: stringify!($name).to_owned(),
                    fields: vec![$({
                        <$ty as $crate::schema::WireType>::describe(schema);
                        $crate::schema::Field {
                            name: stringify!($field).to_owned(),
                            kind: <$ty as $crate::schema::WireType>::type_name(),
                            doc: $crate::schema::doc(&[$($fdoc),*]),
                        }
                    }),*],
                    doc: $crate::schema::doc(&[$($doc),*]),
                };
                schema.components.push(component);
            )*
        }
    };
}
