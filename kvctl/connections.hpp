// The connections that a command uses: its own, or those that the lines of a shell share.
#pragma once

#include <ringkv/admin.hpp>
#include <ringkv/client.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ringkv::kvctl {

// A Client or an Admin that goes on after the command if others use it too. It is used as the Result of connecting is.
template <class T>
class Lent {
  public:
    Lent(std::shared_ptr<T> it) : it_(std::move(it)) {}  // NOLINT(google-explicit-constructor)
    Lent(Error error) : it_(std::move(error)) {}         // NOLINT(google-explicit-constructor)

    explicit operator bool() const { return it_.has_value(); }
    [[nodiscard]] const Error& error() const { return it_.error(); }
    T& operator*() const { return *it_.value(); }
    T* operator->() const { return it_.value().get(); }
    [[nodiscard]] const std::shared_ptr<T>& share() const { return it_.value(); }

  private:
    Result<std::shared_ptr<T>> it_;
};

// Keeps one Client and one Admin, each from when it is first wanted. What is wanted with other options than those
// of the constructor (--registry, --timeout, --rack or --slow in a line) is connected for that command alone.
class Connections {
  public:
    Connections(std::vector<std::string> registries, std::chrono::milliseconds deadline)
        : registries_(std::move(registries)), deadline_(deadline) {}

    Lent<Client> client(Options options);
    Lent<Admin> admin(AdminOptions options);
    // What is wanted next is connected anew: a cluster that was replaced by another refuses clients of the old one.
    void forget();

  private:
    const std::vector<std::string> registries_;
    const std::chrono::milliseconds deadline_;
    std::shared_ptr<Client> client_;
    std::shared_ptr<Admin> admin_;
};

}  // namespace ringkv::kvctl
