//! TLS configuration for connections to servers other than AWS: endpoints of webhooks, and the token issuer.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// TLS configuration of a client that trusts the public web root certificates, and the root certificates in `bundle`
/// (PEM).
pub fn client_config(bundle: Option<&[u8]>) -> ClientConfig {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(bundle.unwrap_or_default()).flatten());
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}
