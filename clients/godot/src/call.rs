//! `RealmCall`: something that was asked of the server, and will be answered.

use godot::prelude::*;

use crate::error::RealmError;

/// A call to the server that will be answered. Await [signal finished], then look at [member error]:
/// [codeblock]
/// var call: RealmCall = await client.log_in("ada", "correct horse").finished
/// if call.error != null:
///     print(call.error.text)
/// [/codeblock]
/// Or connect [signal succeeded] and [signal failed].
#[derive(GodotClass)]
#[class(init, base=RefCounted)]
pub struct RealmCall {
    /// What the call has brought: the type is with the method that made it. Null until then, and when it failed.
    #[var(no_set)]
    pub value: Variant,
    /// Why it failed; null if it did not.
    #[var(no_set)]
    pub error: Option<Gd<RealmError>>,
    /// Whether it is answered.
    #[var(no_set)]
    is_finished: bool,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmCall {
    /// It is answered, well or not. Awaited, it gives the call itself.
    #[signal]
    pub fn finished(call: Gd<RealmCall>);
    /// It has succeeded, and brought this.
    #[signal]
    pub fn succeeded(value: Variant);
    /// It has failed.
    #[signal]
    pub fn failed(error: Gd<RealmError>);
}

impl RealmCall {
    /// The answer is here.
    pub fn finish(call: &Gd<Self>, answer: Result<Variant, Gd<RealmError>>) {
        let mut call = call.clone();
        {
            let mut this = call.bind_mut();
            this.is_finished = true;
            match &answer {
                Ok(value) => this.value = value.clone(),
                Err(error) => this.error = Some(error.clone()),
            }
        }
        match answer {
            Ok(value) => call.signals().succeeded().emit(&value),
            Err(error) => call.signals().failed().emit(&error),
        }
        let itself = call.clone();
        call.signals().finished().emit(&itself);
    }
}
