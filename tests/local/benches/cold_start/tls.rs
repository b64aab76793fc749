//! A TLS proxy in front of a server without TLS, because the TLS handshake is the largest cost of a function's first
//! request. As on AWS, connections use TLS 1.3, RSA 2048 keys and a chain of three certificates.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Certificate authority that signs the proxies' certificates for `localhost`.
pub(crate) struct CertificateAuthority {
    root: String,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl CertificateAuthority {
    pub(crate) fn new() -> Result<Self> {
        let parameters = |name: &str| -> Result<CertificateParams> {
            let mut parameters = CertificateParams::new(Vec::new())?;
            parameters.distinguished_name.push(DnType::CommonName, name);
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Ok(parameters)
        };
        let root = CertifiedIssuer::self_signed(parameters("root")?, new_rsa_key()?)?;
        let intermediate = CertifiedIssuer::signed_by(parameters("intermediate")?, new_rsa_key()?, &root)?;
        Ok(Self { root: root.pem(), intermediate })
    }

    /// The root certificate in PEM, which clients of the proxies must trust.
    pub(crate) fn root_pem(&self) -> &str {
        &self.root
    }

    /// Starts a proxy on a free port. The proxy accepts TLS connections and forwards their content to `server`. Returns
    /// the proxy's address.
    pub(crate) async fn start_tls_proxy(&self, server: SocketAddr) -> Result<SocketAddr> {
        let key = new_rsa_key()?;
        let names = vec!["localhost".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &self.intermediate)?;
        let chain = vec![CertificateDer::from(certificate), self.intermediate.der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    client.set_nodelay(true)?;
                    let mut server = TcpStream::connect(server).await?;
                    server.set_nodelay(true)?;
                    let mut client = acceptor.accept(client).await?;
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Ok(address)
    }
}

fn new_rsa_key() -> Result<KeyPair> {
    let key = RsaPrivateKey::new(&mut rand_core::OsRng, 2048)?.to_pkcs8_der()?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key.as_bytes()), &PKCS_RSA_SHA256)?)
}
