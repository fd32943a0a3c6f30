#include "tests/unit/transport/certificates.h"

#include <stdexcept>
#include <utility>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace hark::transport {
namespace {

constexpr std::size_t kPemBytes = 8'192;
constexpr long kSecondsPerDay = 24L * 60 * 60;

void Must(bool worked) {
  if (!worked) throw std::runtime_error("OpenSSL could not make a test certificate");
}

// EVP_EC_gen() without its C cast.
EVP_PKEY* MakeKey() {
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
}

template <typename Write>
std::string ToPem(Write write) {
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  Must(write(bio.get()) == 1);
  std::string pem(kPemBytes, '\0');
  int size = BIO_read(bio.get(), pem.data(), static_cast<int>(pem.size()));
  Must(size > 0);
  pem.resize(static_cast<std::size_t>(size));
  return pem;
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  Must(extension != nullptr);
  int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  Must(added == 1);
}

}  // namespace

TestAuthority::TestAuthority() : key_(MakeKey()) {
  Must(key_ != nullptr);
  certificate_ = Sign(key_.get(), "Test authority", 1, true, "");
}

TestAuthority::CertificatePtr TestAuthority::Sign(EVP_PKEY* key, const char* common_name, int days,
                                                  bool is_authority,
                                                  const std::string& names) const {
  CertificatePtr made(X509_new());
  Must(X509_set_version(made.get(), X509_VERSION_3) == 1);
  Must(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), is_authority ? 1 : 2) == 1);
  long starts = days < 0 ? (days - 1) * kSecondsPerDay : -kSecondsPerDay;
  Must(X509_gmtime_adj(X509_getm_notBefore(made.get()), starts) != nullptr);
  Must(X509_gmtime_adj(X509_getm_notAfter(made.get()), days * kSecondsPerDay) != nullptr);
  X509_NAME* subject = X509_get_subject_name(made.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name);
  Must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1);
  X509_NAME* issuer = is_authority ? subject : X509_get_subject_name(certificate_.get());
  Must(X509_set_issuer_name(made.get(), issuer) == 1);
  Must(X509_set_pubkey(made.get(), key) == 1);
  AddExtension(made.get(), NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) AddExtension(made.get(), NID_subject_alt_name, names);
  Must(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0);
  return made;
}

TlsIdentity TestAuthority::Issue(const std::string& names, int days) const {
  KeyPtr key(MakeKey());
  Must(key != nullptr);
  CertificatePtr certificate = Sign(key.get(), "Test server", days, false, names);
  return TlsIdentity{
      .certificate_pem =
          ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
      .key_pem = ToPem([&](BIO* bio) {
        return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      }),
  };
}

std::string TestAuthority::CertificatePem() const {
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

}  // namespace hark::transport
