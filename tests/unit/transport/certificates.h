// Certificates made on the spot, so that none lies in the repository and expires.

#ifndef HARK_TESTS_UNIT_TRANSPORT_CERTIFICATES_H_
#define HARK_TESTS_UNIT_TRANSPORT_CERTIFICATES_H_

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tests/unit/transport/test_server.h"

namespace hark::transport {

// A certificate authority of one test.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Test authority");

  // `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". `days` negative: expired.
  [[nodiscard]] TlsIdentity Issue(const std::string& names, int days = 1) const;
  // Valid from tomorrow.
  [[nodiscard]] TlsIdentity IssueForTomorrow(const std::string& names) const;

  [[nodiscard]] std::string CertificatePem() const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  // In days from now.
  struct Validity {
    int from = -1;
    int to = 1;
  };
  using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
  using CertificatePtr = std::unique_ptr<X509, Free>;

  [[nodiscard]] CertificatePtr Sign(EVP_PKEY* key, const std::string& common_name,
                                    Validity validity, bool is_authority,
                                    const std::string& names) const;
  [[nodiscard]] TlsIdentity Issue(const std::string& names, Validity validity) const;

  KeyPtr key_;
  CertificatePtr certificate_;
};

// Signed by nobody else.
[[nodiscard]] TlsIdentity SelfSigned(const std::string& names);

// The SHA-256 of the first certificate's key, as a pin.
[[nodiscard]] std::string PinOf(const std::string& certificate_pem);

}  // namespace hark::transport

#endif  // HARK_TESTS_UNIT_TRANSPORT_CERTIFICATES_H_
