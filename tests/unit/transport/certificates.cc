#include "tests/unit/transport/certificates.h"

#include <stdexcept>
#include <utility>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "daemon/transport/pins.h"

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

TestAuthority::TestAuthority(const std::string& name) : key_(MakeKey()) {
  Must(key_ != nullptr);
  certificate_ = Sign(key_.get(), name, Validity{}, true, "");
}

TestAuthority::CertificatePtr TestAuthority::Sign(EVP_PKEY* key, const std::string& common_name,
                                                  Validity validity, bool is_authority,
                                                  const std::string& names) const {
  CertificatePtr made(X509_new());
  Must(X509_set_version(made.get(), X509_VERSION_3) == 1);
  Must(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), is_authority ? 1 : 2) == 1);
  Must(X509_gmtime_adj(X509_getm_notBefore(made.get()), validity.from * kSecondsPerDay) != nullptr);
  Must(X509_gmtime_adj(X509_getm_notAfter(made.get()), validity.to * kSecondsPerDay) != nullptr);
  X509_NAME* subject = X509_get_subject_name(made.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
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
  return Issue(names, Validity{.from = days < 0 ? days - 1 : -1, .to = days});
}

TlsIdentity TestAuthority::IssueForTomorrow(const std::string& names) const {
  return Issue(names, Validity{.from = 1, .to = 2});
}

TlsIdentity TestAuthority::Issue(const std::string& names, Validity validity) const {
  KeyPtr key(MakeKey());
  Must(key != nullptr);
  CertificatePtr certificate = Sign(key.get(), "Test server", validity, false, names);
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

TlsIdentity SelfSigned(const std::string& names) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(MakeKey(), EVP_PKEY_free);
  Must(key != nullptr);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  Must(X509_set_version(made.get(), X509_VERSION_3) == 1);
  Must(X509_gmtime_adj(X509_getm_notBefore(made.get()), -kSecondsPerDay) != nullptr);
  Must(X509_gmtime_adj(X509_getm_notAfter(made.get()), kSecondsPerDay) != nullptr);
  Must(X509_set_pubkey(made.get(), key.get()) == 1);
  AddExtension(made.get(), NID_subject_alt_name, names);
  Must(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
  return TlsIdentity{
      .certificate_pem = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); }),
      .key_pem = ToPem([&](BIO* bio) {
        return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      }),
  };
}

std::string PinOf(const std::string& certificate_pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  Must(certificate != nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(X509_get0_pubkey(certificate.get()), &der);
  Must(size > 0);
  KeyDigest digest{};
  SHA256(der, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(der);
  return PinText(digest);
}

}  // namespace hark::transport
