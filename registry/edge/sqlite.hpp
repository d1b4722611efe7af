// SQLite, as far as the store needs it: a connection and prepared statements that clean up after themselves.
// Errors are "FILE: what SQLite says", of code storage; or unavailable, where there is no room (a full file system, a
// used-up quota): what the transaction began to write counts for nothing then. No sync failed, for SQLite calls that an
// I/O error. Thread safety: one thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ringkv/result.hpp"

namespace ringkv::sqlite {

class Database;

// Bind every parameter, then step() until it gives false; reset() makes it new.
class Statement {
  public:
    // Parameters count from 1.
    Statement& bind(int parameter, std::int64_t value);
    // Precondition: the bytes stay until the statement has run.
    Statement& bind(int parameter, std::string_view bytes);
    // True: a row is there. False: no more.
    [[nodiscard]] Result<bool> step();
    // Runs a statement that gives no rows, and resets it.
    [[nodiscard]] Result<void> run();
    void reset();

    // Columns count from 0. The view holds until the next step().
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string_view bytes(int column) const;

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}

    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
  public:
    // Creates the file if it is not there. Nothing of its content is read yet.
    static Result<std::unique_ptr<Database>> open(const std::string& path);

    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    // One or several statements without parameters; rows are thrown away.
    [[nodiscard]] Result<void> execute(const char* sql);
    // The first column of the first row. Error: there is none.
    [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
    [[nodiscard]] Result<std::string> text(std::string_view sql);

    // SQLite's newest code (without its extension), and it as an Error.
    [[nodiscard]] int code() const { return sqlite3_errcode(connection_.get()) & 0xFF; }
    [[nodiscard]] Error error() const;

    [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

    // Nothing is written from now on: what a write-ahead log has stays there when the database is closed.
    // Precondition: nothing was written.
    void leave_as_it_is();

  private:
    struct Close {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };

    // Did the newest call fail for want of room?
    [[nodiscard]] bool no_room() const;

    explicit Database(std::string path) : path_(std::move(path)) {}

    // The statement, stepped to its first row. Error: there is none.
    [[nodiscard]] Result<Statement> first_row(std::string_view sql);

    std::string path_;
    std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace ringkv::sqlite
