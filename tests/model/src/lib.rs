//! The model of the locks is a test program, in `tests/model/`, with a package of its own: it alone is optimised, since it
//! looks at hundreds of thousands of states. `docs/model.md` says what is modelled.
