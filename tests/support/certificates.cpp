#include "tests/support/certificates.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace oneloop::testing {
namespace {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

void must(bool done, const std::string& what) {
    if (!done)
        throw std::runtime_error(what + ": " + ERR_error_string(ERR_get_error(), nullptr));
}

key_ptr make_key() {
    key_ptr key(EVP_EC_gen("P-256"));
    must(key != nullptr, "EVP_EC_gen");
    return key;
}

void add_extension(X509* to, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    must(extension && X509_add_ext(to, extension.get(), -1), "extension " + value);
}

std::string alternative_names(const certificate_options& options) {
    std::string all;
    auto add = [&all](const char* kind, const std::string& name) {
        (all += all.empty() ? "" : ",") += kind + name;
    };
    for (const auto& name : options.names_)
        add("DNS:", name);
    for (const auto& address : options.addresses_)
        add("IP:", address);
    return all;
}

// Everything but the signature.
x509_ptr describe(const std::string& name, EVP_PKEY* key, const certificate_options& options, X509* issuer) {
    x509_ptr cert(X509_new());
    must(cert != nullptr, "X509_new");
    std::uint32_t serial = 0; // two of one authority with the same number are refused
    must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "RAND_bytes");
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), options.from_.count());
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), options.until_.count());
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0
    );
    X509_set_issuer_name(cert.get(), X509_get_subject_name(issuer ? issuer : cert.get()));
    must(X509_set_pubkey(cert.get(), key) == 1, "X509_set_pubkey");
    return cert;
}

void sign(X509* cert, EVP_PKEY* key) {
    must(X509_sign(cert, key, EVP_sha256()) > 0, "X509_sign");
}

file_ptr open_to_write(const std::filesystem::path& path) {
    file_ptr file(std::fopen(path.c_str(), "we"));
    must(file != nullptr, "cannot write " + path.string());
    return file;
}

void write(X509* cert, const std::filesystem::path& path) {
    must(PEM_write_X509(open_to_write(path).get(), cert) == 1, "PEM_write_X509");
}

identity write(X509* cert, EVP_PKEY* key, const std::filesystem::path& directory, const std::string& name) {
    const identity files{directory / (name + ".pem"), directory / (name + ".key")};
    write(cert, files.certificate);
    const file_ptr out = open_to_write(files.key);
    must(
        PEM_write_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "PEM_write_PrivateKey"
    );
    return files;
}

} // namespace

struct certificate_authority::inside {
    key_ptr key = make_key();
    x509_ptr certificate;
};

certificate_authority::certificate_authority(std::filesystem::path directory)
    : directory_(std::move(directory)), inside_(std::make_unique<inside>()) {
    auto& cert = inside_->certificate = describe("oneloop test authority", inside_->key.get(), {}, nullptr);
    add_extension(cert.get(), cert.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert.get(), cert.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(cert.get(), cert.get(), NID_subject_key_identifier, "hash");
    sign(cert.get(), inside_->key.get());
    write(cert.get(), certificate());
}

certificate_authority::~certificate_authority() = default;

identity certificate_authority::issue(const std::string& name, const certificate_options& options) const {
    const key_ptr key = make_key();
    X509* authority = inside_->certificate.get();
    const x509_ptr cert = describe(name, key.get(), options, authority);
    add_extension(cert.get(), authority, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(cert.get(), authority, NID_subject_alt_name, alternative_names(options));
    add_extension(cert.get(), authority, NID_authority_key_identifier, "keyid");
    sign(cert.get(), inside_->key.get());
    return write(cert.get(), key.get(), directory_, name);
}

identity self_signed(
    const std::filesystem::path& directory, const std::string& name, const certificate_options& options
) {
    const key_ptr key = make_key();
    const x509_ptr cert = describe(name, key.get(), options, nullptr);
    add_extension(cert.get(), cert.get(), NID_subject_alt_name, alternative_names(options));
    sign(cert.get(), key.get());
    return write(cert.get(), key.get(), directory, name);
}

std::string pin_of(const identity& who) {
    const file_ptr in(std::fopen(who.certificate.c_str(), "re"));
    must(in != nullptr, "cannot read " + who.certificate.string());
    const x509_ptr cert(PEM_read_X509(in.get(), nullptr, nullptr, nullptr));
    must(cert != nullptr, "PEM_read_X509");
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert.get()), &der);
    must(length > 0, "i2d_X509_PUBKEY");
    unsigned char hash[32], text[45];
    must(
        EVP_Digest(der, static_cast<std::size_t>(length), hash, nullptr, EVP_sha256(), nullptr) == 1,
        "EVP_Digest"
    );
    OPENSSL_free(der);
    EVP_EncodeBlock(text, hash, sizeof hash);
    return std::string("sha256//") + reinterpret_cast<const char*>(text);
}

std::filesystem::path encrypt_key(const identity& who, const std::string& passphrase) {
    const file_ptr in(std::fopen(who.key.c_str(), "re"));
    must(in != nullptr, "cannot read " + who.key.string());
    const key_ptr key(PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    const std::filesystem::path path = who.key.string() + ".encrypted";
    must(
        PEM_write_PrivateKey(
            open_to_write(path).get(), key.get(), EVP_aes_128_cbc(),
            reinterpret_cast<const unsigned char*>(passphrase.data()), static_cast<int>(passphrase.size()),
            nullptr, nullptr
        ) == 1,
        "PEM_write_PrivateKey"
    );
    return path;
}

} // namespace oneloop::testing
