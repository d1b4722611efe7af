#include "registry/edge/sqlite.hpp"

#include <cerrno>

namespace ringkv::sqlite {

Statement& Statement::bind(int parameter, std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), parameter, value);
    return *this;
}

Statement& Statement::bind(int parameter, std::string_view bytes) {
    sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return database_->error();
}

Result<void> Statement::run() {
    const auto stepped = step();
    // The error belongs to the step; a reset would only repeat it.
    reset();
    if (!stepped) return stepped.error();
    return {};
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? std::string_view{}
                           : std::string_view{static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
    std::unique_ptr<Database> database(new Database(path));
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    database->connection_.reset(connection);
    if (code != SQLITE_OK) return database->error();
    return database;
}

Error Database::error() const {
    if (connection_ == nullptr) return {ErrorCode::storage, path_ + ": out of memory"};
    return {no_room() ? ErrorCode::unavailable : ErrorCode::storage, path_ + ": " + sqlite3_errmsg(connection_.get())};
}

bool Database::no_room() const {
    if (code() == SQLITE_FULL) return true;
    return sqlite3_extended_errcode(connection_.get()) == SQLITE_IOERR_WRITE &&
           sqlite3_system_errno(connection_.get()) == EDQUOT;
}

void Database::leave_as_it_is() {
    sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
        SQLITE_OK)
        return error();
    return Statement(*this, statement);
}

Result<void> Database::execute(const char* sql) {
    if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error();
    return {};
}

Result<Statement> Database::first_row(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return Error(ErrorCode::storage, path_ + ": no answer to " + std::string(sql));
    return statement;
}

Result<std::int64_t> Database::integer(std::string_view sql) {
    const auto row = first_row(sql);
    if (!row) return row.error();
    return row->integer(0);
}

Result<std::string> Database::text(std::string_view sql) {
    const auto row = first_row(sql);
    if (!row) return row.error();
    return std::string(row->bytes(0));
}

}  // namespace ringkv::sqlite
