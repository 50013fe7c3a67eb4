//! What tests of several modules share.

/// Tests of one contract on several backends: a module for each, with a test of each named function, which takes what
/// the backend's future makes there. `None` is a service that this machine lacks: its tests are skipped, and say so.
macro_rules! on_backends {
    ($($module:ident: $make:expr),+ => $tests:tt) => {
        $($crate::testing::on_backend! { $module: $make => $tests })+
    };
}
pub(crate) use on_backends;

macro_rules! on_backend {
    ($module:ident: $make:expr => [$($test:ident),+ $(,)?]) => {
        mod $module {
            $(#[tokio::test]
            async fn $test() {
                if let Some(backend) = $make.await {
                    super::$test(backend).await;
                }
            })+
        }
    };
}
pub(crate) use on_backend;
