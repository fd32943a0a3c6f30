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
  TestAuthority();

  // `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". `days` negative: expired.
  [[nodiscard]] TlsIdentity Issue(const std::string& names, int days = 1) const;

  [[nodiscard]] std::string CertificatePem() const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
  using CertificatePtr = std::unique_ptr<X509, Free>;

  [[nodiscard]] CertificatePtr Sign(EVP_PKEY* key, const char* common_name, int days,
                                    bool is_authority, const std::string& names) const;

  KeyPtr key_;
  CertificatePtr certificate_;
};

}  // namespace hark::transport

#endif  // HARK_TESTS_UNIT_TRANSPORT_CERTIFICATES_H_
